'use strict';

class Cart {
  constructor() {
    this.items = [];
  }

  add(name, price, amount = 1) {
    if (amount < 1) {
      throw new Error('amount');
    }
    for (let i = 0; i < amount; i++) this.items.push({ name, price });
  }

  total(code) {
    const sum = this.items.reduce((all, item) => all + item.price, 0);
    if (code === 'HALF') return sum / 2;
    return code ? unknown(code) : sum;
  }
}

function unknown(code) {
  throw new Error(code);
}

module.exports = { Cart };

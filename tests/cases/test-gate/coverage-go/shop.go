package shop

import "errors"

type Cart struct{ prices []int }

func (c *Cart) Add(price, amount int) error {
	if amount < 1 {
		return errors.New("amount")
	}
	for i := 0; i < amount; i++ {
		c.prices = append(c.prices, price)
	}
	return nil
}

func (c *Cart) Total() int {
	total := 0
	for _, price := range c.prices {
		total += price
	}
	return total
}

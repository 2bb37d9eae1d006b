"""Prices of a small shop."""


class Cart:
    def __init__(self):
        self.items = []

    def add(self, name, price, amount=1):
        if amount < 1:
            raise ValueError("amount")
        for _ in range(amount):
            self.items.append((name, price))

    def total(self, code=None):
        total = sum(price for _, price in self.items)
        if code == "HALF":
            total = total / 2
        elif code:
            raise KeyError(code)
        return total

    def receipt(self):
        lines = [
            f"{name}: {price}"
            for name, price in self.items
        ]
        return "\n".join(lines)

    def debug(self):  # pragma: no cover
        print(self.items)

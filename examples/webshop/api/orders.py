"""Orders, from the cart to the refund."""


class Order:
    """What somebody bought."""

    def __init__(self, lines):
        if not lines:
            raise ValueError("an order needs a line")
        self.lines = list(lines)
        self.state = "open"

    def cancel(self):
        """Only an order that is not on its way."""
        if self.state == "sent":
            raise ValueError("it is on its way")
        self.state = "cancelled"

    def refund(self, bank):
        """Pays back what was paid."""
        total = sum(price for _, price in self.lines)
        bank.transfer(total)
        self.state = "refunded"

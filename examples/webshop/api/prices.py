"""What things cost."""

from decimal import ROUND_HALF_EVEN, Decimal

VAT = {"AT": Decimal("0.20"), "DE": Decimal("0.19"), "FR": Decimal("0.20")}


def rounded(amount):
    """Whole cents; half a cent goes to the even one."""
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


def with_vat(net, country):
    """What a customer of this country pays."""
    if country not in VAT:
        raise ValueError(f"no rate for {country}")
    return rounded(net * (1 + VAT[country]))

#include <stdio.h>

static int total(int price, int amount, int half) {
  int sum = 0;
  if (amount < 1) {
    return -1;
  }
  for (int i = 0; i < amount; i++) {
    sum += price;
  }
  return half ? sum / 2 : sum;
}

int never(int a, int b) {
  return a && b;
}

int main(void) {
  printf("%d %d\n", total(4, 2, 0), total(4, 2, 1));
  return 0;
}

#include <cstdio>
template<typename T> T twice(T x) { if (x > 3) return x * 2; return x; }
int clamp(int x, int lo, int hi) {
  if (x < lo || x > hi) {
    return x < lo ? lo : hi;
  }
  return x;
}
int never(int a) {
  // GCOV_EXCL_START
  if (a) puts("excluded");
  // GCOV_EXCL_STOP
  return a ? 1 : 2;
}
int main(int argc, char **argv) {
  int total = 0;
  for (int i = 0; i < 10; i++) total += clamp(i, 2, 7);
  total += twice(2) + (int)twice(5.0);
  printf("%d\n", total);
  return total > 1000;
}

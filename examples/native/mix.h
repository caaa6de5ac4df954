#include <stdint.h>

// mix returns what is left of seed after so many rounds of a xorshift generator.
uint64_t mix(uint64_t seed, uint64_t rounds);

// meet returns 1 once n threads are inside it at the same time, or 0 if they are not within the given time.
int meet(int n, int milliseconds);

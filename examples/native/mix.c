#include "mix.h"

#include <stdatomic.h>
#include <time.h>

uint64_t mix(uint64_t seed, uint64_t rounds) {
	for (uint64_t i = 0; i < rounds; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
	}
	return seed;
}

static atomic_int arrived;

int meet(int n, int milliseconds) {
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	// Arrivals are numbered from 0; the first n meet, then the next n. Nobody leaves before all of them have come.
	int last = atomic_fetch_add(&arrived, 1) / n * n + n;
	while (atomic_load(&arrived) < last) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= milliseconds)
			return 0;
	}
	return 1;
}

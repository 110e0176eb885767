/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c - how good plans are and how long they take: against lists that people make by
 * hand or by chance, and against the clock. Figures are printed and never judged. With
 * "table" also the whole table of numbers of addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vlbd/balance.h"

enum { BUDGET = 200000, DRAWS = 50 };

static const char *const after[] = { "1 failure", "2 failures", "3 failures" };

static struct plan_request request;
static uint8_t made[PLAN_ADDRESSES * PLAN_SERVERS];

static void *
memory_of(size_t size)
{
	void *memory = malloc(size);

	if (memory == NULL)
		abort();
	return memory;
}

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
ask(unsigned servers, unsigned addresses, unsigned tiers)
{
	memset(&request, 0, sizeof(request));
	request.servers = servers;
	request.addresses = addresses;
	request.tiers = tiers;
	for (unsigned s = 0; s < servers; s++)
		request.server[s].weight = 1;
}

/* Lists into made[]; how long it took. */
static double
plan_s(void)
{
	double begin_s = cpu_s();
	void *memory = memory_of(plan_memory(&request));
	struct plan *plan = plan_begin(memory, &request);

	while (plan_step(plan))
		;
	double took_s = cpu_s() - begin_s;
	memcpy(made, plan_lists(plan).server, (size_t)request.addresses * request.tiers);
	free(memory);
	return took_s;
}

/* --- Other people's lists --------------------------------------------------------------
 */

static void
make_cyclic(uint64_t seed)
{
	(void)seed;
	for (unsigned a = 0; a < request.addresses; a++)
		for (unsigned t = 0; t < request.tiers; t++)
			made[a * request.tiers + t] =
			    (uint8_t)((a + t) % request.servers);
}

static uint64_t
mix(uint64_t z)
{
	z += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Servers by falling SCORE: with a hash of address and server as score that is rendezvous
 * hashing, and permutations by chance differ from it only in name. */
static void
sort_list(uint8_t *list, const uint64_t score[PLAN_SERVERS])
{
	for (unsigned t = 0; t < request.servers; t++) {
		unsigned at = t;
		for (; at > 0 && score[list[at - 1]] < score[t]; at--)
			list[at] = list[at - 1];
		list[at] = (uint8_t)t;
	}
}

static void
make_random(uint64_t seed)
{
	uint64_t score[PLAN_SERVERS], dice = mix(seed);

	for (unsigned a = 0; a < request.addresses; a++) {
		for (unsigned s = 0; s < request.servers; s++)
			score[s] = dice = mix(dice);
		sort_list(made + (size_t)a * request.tiers, score);
	}
}

/* By names such as people give: server1, server2; 10.77.0.1, 10.77.0.2. */
static void
make_rendezvous(uint64_t seed)
{
	uint64_t score[PLAN_SERVERS];
	char text[64];

	for (unsigned a = 0; a < request.addresses; a++) {
		for (unsigned s = 0; s < request.servers; s++) {
			uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
			snprintf(text, sizeof(text), "server%u 10.77.%u.%u", s + 1,
			    a / 250, a % 250 + 1);
			for (const char *c = text; *c != '\0'; c++)
				h = (h ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
			score[s] = mix(h);
		}
		sort_list(made + (size_t)a * request.tiers, score);
	}
}

/* --- Figures ---------------------------------------------------------------------------
 */

/* How far the balance goes, and whether it draws. */
static struct balance *
look(void *memory, unsigned failures)
{
	struct balance_request look = { .servers = request.servers,
		.lists = { request.addresses, request.tiers, made },
		.failures = failures,
		.budget = BUDGET };

	memcpy(look.server, request.server, sizeof(look.server));
	struct balance *balance = balance_begin(memory, &look);
	while (balance_step(balance))
		;
	return balance;
}

static void *
look_memory(void)
{
	struct balance_request look = { .lists = { request.addresses, 0, NULL } };

	return memory_of(balance_memory(&look));
}

static int
by_size(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

/* Excess after one, two, three failures; the middle one of several tries by chance. */
static void
try(void (*make)(uint64_t seed), unsigned tries, unsigned middle[3])
{
	unsigned excess[3][DRAWS];
	void *memory = look_memory();

	for (unsigned i = 0; i < tries; i++) {
		make(i);
		struct balance *balance = look(memory, 3);
		for (unsigned f = 0; f < 3; f++)
			excess[f][i] = balance_row(balance, f + 1)->excess;
	}
	for (unsigned f = 0; f < 3; f++) {
		qsort(excess[f], tries, sizeof(unsigned), by_size);
		middle[f] = excess[f][tries / 2];
	}
	free(memory);
}

static void
make_plan(uint64_t seed)
{
	(void)seed;
	plan_s();
}

static void
compare(unsigned servers, unsigned addresses)
{
	static const struct {
		const char *name;
		void (*make)(uint64_t seed);
		unsigned tries;
	} rivals[] = { { "cyclic", make_cyclic, 1 }, { "random", make_random, DRAWS },
		{ "rendezvous", make_rendezvous, DRAWS }, { "plan", make_plan, 1 } };
	unsigned excess[4][3];

	ask(servers, addresses, servers);
	for (unsigned r = 0; r < 4; r++)
		try(rivals[r].make, rivals[r].tries, excess[r]);
	printf(
	    "%u servers, %u addresses: the busiest server's addresses above the bound\n",
	    servers, addresses);
	for (unsigned f = 0; f < 3; f++)
		for (unsigned r = 0; r < 4; r++) {
			printf("  %-11s %-10s %2u", r == 0 ? after[f] : "",
			    rivals[r].name, excess[r][f]);
			for (unsigned i = 0; i < excess[r][f]; i++)
				fputs(i == 0 ? " #" : "#", stdout);
			putchar('\n');
		}
}

static void
measure(unsigned servers, unsigned addresses, unsigned tiers, unsigned failures)
{
	ask(servers, addresses, tiers);
	double took_s = plan_s();
	size_t size = plan_memory(&request);
	void *memory = look_memory();
	double begin_s = cpu_s();
	struct balance *balance = look(memory, failures);
	printf("%2u servers %4u addresses %2u tiers: %7.1f ms, %5.2f MB; excess", servers,
	    addresses, tiers, took_s * 1e3, (double)size / 1e6);
	for (unsigned f = 0; f <= failures; f++) {
		const struct balance_row *row = balance_row(balance, f);
		printf(" %u%s", row->excess, row->sampled ? "~" : "");
	}
	printf(" (balance: %.1f ms)\n", (cpu_s() - begin_s) * 1e3);
	free(memory);
}

/* Each cell: excess after two and three failures, and the largest after more. */
static void
table(void)
{
	printf("servers");
	for (unsigned m = 16; m <= 256; m *= 2)
		printf(" %9u", m);
	printf("    N(N-2)    N(N-1)\n");
	for (unsigned n = 6; n <= 16; n++) {
		printf("%7u", n);
		for (unsigned i = 0; i < 7; i++) {
			unsigned m = i < 5 ? 16U << i : n * (n - (i == 5 ? 2 : 1)),
				 tail = 0;
			ask(n, m, n);
			plan_s();
			void *memory = look_memory();
			struct balance *balance = look(memory, n - 1);
			for (unsigned f = 4; f < n; f++)
				if (balance_row(balance, f)->excess > tail)
					tail = balance_row(balance, f)->excess;
			printf("   %u %u %3u", balance_row(balance, 2)->excess,
			    balance_row(balance, 3)->excess, tail);
			if (balance_row(balance, 0)->excess +
			    balance_row(balance, 1)->excess)
				printf("!");
			fflush(stdout);
			free(memory);
		}
		putchar('\n');
	}
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "table") == 0) {
		table();
		return 0;
	}
	compare(6, 30);
	compare(10, 90);
	compare(16, 240);
	compare(10, 80);
	puts("Time and memory; excess after 0, 1, 2, ... failures (~: sampled)");
	measure(10, 90, 10, 9);
	measure(16, 512, 16, 15);
	measure(16, 4096, 16, 3);
	measure(32, 960, 8, 5);
	measure(64, 3968, 8, 8);
	measure(64, 4096, 8, 8);
	measure(64, 1000, 8, 8);
	return 0;
}

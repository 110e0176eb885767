/* SPDX-License-Identifier: BSD-2-Clause */
/* check_netlink.c - the door to libmnl, against a real kernel.
 *
 * Everything happens in a network namespace of this process's own; where none can be
 * made, the tests are skipped. What the door says is held against what ip(8) says. */
#include "netlink.h"
#include "netns.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not a dummy interface: many kernels have none. */
#define PAIR                                                                             \
	"ip link add d0 type veth peer name d1 && ip link set d1 up && ip link set d0 "  \
	"up"

/* LEASE_S: so long that it does not matter how long a busy machine takes. */
enum { MANY = 4096, PATIENCE_MS = 30000, LEASE_S = 5990 };

static struct netlink *netlink; /* under test */
static struct netlink *other;   /* another program, for all that `netlink' knows */
static int ifindex;

/* --- a world of our own ----------------------------------------------------------- */

static const char *
enter_world(void)
{
	const char *why = netns_enter();

	if (why == NULL && system("(" PAIR " && ip link del d0) >/dev/null 2>&1") != 0)
		return "this kernel makes no veth interfaces";
	return why;
}

/* Run a shell command; its status. */
__attribute__((format(printf, 1, 2))) static int
try(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ck_assert(len > 0 && len < (int)sizeof(command));
	return system(command);
}

#define RUN(...) ck_assert_int_eq(try(__VA_ARGS__), 0)

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static bool
kernel_is(int major, int minor)
{
	struct utsname name;
	int has_major = 0, has_minor = 0;

	ck_assert_int_eq(uname(&name), 0);
	ck_assert_int_eq(sscanf(name.release, "%d.%d", &has_major, &has_minor), 2);
	return has_major > major || (has_major == major && has_minor >= minor);
}

static void
begin(void)
{
	(void)try("ip link del d0 2>/dev/null"); /* of a test that failed */
	RUN(PAIR);
	ifindex = (int)if_nametoindex("d0");
	netlink = netlink_open();
	other = netlink_open();
	ck_assert(netlink != NULL && other != NULL && ifindex > 0);
}

static void
end(void)
{
	netlink_close(other);
	netlink_close(netlink);
	netlink_close(NULL);
	(void)try("ip link del d0 2>/dev/null");
}

/* --- what is there ---------------------------------------------------------------- */

struct census {
	unsigned count;
	struct netlink_address last;
	uint8_t seen[MANY];
};

static struct ip
nth(unsigned i)
{
	return ip_v4(0x0a4d0000u + 1 + i); /* 10.77.0.1... */
}

static void
count(void *user, const struct netlink_address *address)
{
	struct census *census = user;
	uint32_t index = ip_v4_value(&address->ip) - 0x0a4d0001u;

	census->count++;
	census->last = *address;
	if (index < MANY)
		census->seen[index] = 1;
}

static unsigned
there(struct census *census)
{
	memset(census, 0, sizeof(*census));
	ck_assert_int_eq(netlink_dump_addresses(netlink, ifindex, count, census), 0);
	return census->count;
}

static struct netlink_change *
changes_of(enum netlink_verb verb, unsigned first, unsigned number, uint32_t lease_s)
{
	struct netlink_change *changes = calloc(number, sizeof(*changes));

	ck_assert_ptr_nonnull(changes);
	for (unsigned i = 0; i < number; i++)
		changes[i] = (struct netlink_change){ verb, nth(first + i), lease_s, -1 };
	return changes;
}

/* All of them with one verb; the first error among them. */
static int
change(struct netlink *by, enum netlink_verb verb, unsigned first, unsigned number,
    uint32_t lease_s)
{
	struct netlink_change *changes = changes_of(verb, first, number, lease_s);
	int error = 0;

	ck_assert_int_eq(netlink_change(by, ifindex, changes, number), 0);
	for (unsigned i = 0; i < number && error == 0; i++)
		error = changes[i].error;
	free(changes);
	return error;
}

/* --- changes ---------------------------------------------------------------------- */

START_TEST(an_address_is_as_promised)
{
	struct census census;

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 1, LEASE_S), 0);
	ck_assert_uint_eq(there(&census), 1);
	ck_assert_int_eq(census.last.ifindex, ifindex);
	ck_assert_int_eq(census.last.prefix, 32);
	ck_assert(ip_equal(&census.last.ip, &(struct ip){ IP_V4, { 10, 77, 0, 1 } }));
	ck_assert(!census.last.permanent);
	ck_assert_uint_ge(census.last.valid_s, LEASE_S - 200);
	ck_assert_uint_le(census.last.valid_s, LEASE_S);
	RUN("ip -4 -o addr show d0 | grep -q 'inet 10.77.0.1/32 scope link.*noprefixroute"
	    ".*valid_lft 5[89][0-9][0-9]sec preferred_lft 5[89][0-9][0-9]sec'");
	if (kernel_is(5, 18)) /* earlier ones do not tell whose it is */
		ck_assert_int_eq(census.last.proto, NETLINK_PROTO);
}
END_TEST

START_TEST(no_lease_is_for_ever)
{
	struct census census;

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 1, 0), 0);
	ck_assert_uint_eq(there(&census), 1);
	ck_assert(census.last.permanent);
	ck_assert_uint_eq(census.last.valid_s, UINT32_MAX);
}
END_TEST

START_TEST(a_renewal_prolongs)
{
	struct census census;

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 3, LEASE_S / 10), 0);
	ck_assert_int_eq(change(netlink, NETLINK_RENEW, 0, 3, LEASE_S), 0);
	ck_assert_uint_eq(there(&census), 3);
	ck_assert_uint_gt(census.last.valid_s, LEASE_S / 10);
}
END_TEST

START_TEST(a_lease_ends_by_itself)
{
	const long begin_ms = now_ms(), end_ms = begin_ms + PATIENCE_MS;
	struct census census;

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 2, 1), 0);
	unsigned first = there(&census);
	if (now_ms() - begin_ms < 1000)
		ck_assert_uint_eq(first, 2); /* else the end may have come already */
	while (there(&census) > 0) {
		ck_assert_int_lt(now_ms(), end_ms);
		poll(NULL, 0, 20);
	}
}
END_TEST

START_TEST(what_is_gone_is_removed)
{
	struct census census;

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 3, 60), 0);
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 1, 1, 0), 0);
	ck_assert_uint_eq(there(&census), 2);
	ck_assert(!census.seen[1]);
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 0, 3, 0), 0);
	ck_assert_uint_eq(there(&census), 0);
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 0, 3, 0), 0);
}
END_TEST

START_TEST(an_administrators_address_stays)
{
	struct census census;

	RUN("ip addr add 10.77.0.1/24 dev d0");
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 0, 1, 0), 0);
	ck_assert_uint_eq(there(&census), 1);
	ck_assert_int_eq(census.last.prefix, 24);
	ck_assert_int_ne(census.last.proto, NETLINK_PROTO);
}
END_TEST

START_TEST(other_interfaces_are_not_dumped)
{
	struct census census;

	RUN("ip link set lo up && ip addr add 10.77.9.9/32 dev lo");
	ck_assert_uint_eq(there(&census), 0);
	RUN("ip addr del 10.77.9.9/32 dev lo");
}
END_TEST

/* A failure in the middle neither stops the rest nor is taken for another's. */
START_TEST(each_change_has_its_own_error)
{
	struct netlink_change changes[] = {
		{ NETLINK_ADD, nth(0), 60, -1 },
		{ NETLINK_ADD, nth(1), 60, -1 },
		{ NETLINK_REMOVE, nth(9), 0, -1 }, /* absent: done */
		{ NETLINK_ADD, nth(2), 60, -1 },
	};
	struct census census;

	ck_assert_int_eq(netlink_change(netlink, ifindex, changes, 4), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(changes[i].error, 0);
	ck_assert_int_eq(netlink_change(netlink, 12345, changes, 4), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(changes[i].error, ENODEV);
	ck_assert_uint_eq(there(&census), 3);
	ck_assert_int_eq(netlink_change(netlink, ifindex, changes, 0), 0);
}
END_TEST

START_TEST(many_at_once)
{
	struct census *census = malloc(sizeof(*census));

	ck_assert_ptr_nonnull(census);
	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, MANY, LEASE_S / 10), 0);
	ck_assert_uint_eq(there(census), MANY);
	ck_assert_ptr_null(memchr(census->seen, 0, MANY));
	ck_assert_int_eq(change(netlink, NETLINK_RENEW, 0, MANY, LEASE_S), 0);
	ck_assert_uint_eq(there(census), MANY);
	ck_assert_uint_gt(census->last.valid_s, LEASE_S / 10);
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 0, MANY, 0), 0);
	ck_assert_uint_eq(there(census), 0);
	free(census);
}
END_TEST

/* A refusal echoes the request, so that its acknowledgement is larger. */
START_TEST(many_refusals_are_all_heard)
{
	struct netlink_change *changes = changes_of(NETLINK_ADD, 0, MANY, 60);

	ck_assert_int_eq(netlink_change(netlink, 12345, changes, MANY), 0);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_int_eq(changes[i].error, ENODEV);
	free(changes);
}
END_TEST

/* Another program changes addresses while we read them: the kernel marks the dump as
 * spoilt (NLM_F_DUMP_INTR), and it is read anew. Under a storm all attempts may be
 * spoilt, which must be said as EINTR; when it is over all is well at once. Its pauses
 * grow, so that a whole one fits in the end, on any machine. */
START_TEST(a_spoilt_dump_is_repeated)
{
	const long enough_ms = now_ms() + PATIENCE_MS / 3;
	struct census *census = calloc(1, sizeof(*census));
	unsigned whole = 0;
	int status;

	ck_assert_ptr_nonnull(census);
	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, MANY, 0), 0);
	pid_t storm = fork();
	ck_assert_int_ge(storm, 0);
	if (storm == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		struct netlink *mine = netlink_open();
		for (int pause_ms = 20;; pause_ms++) {
			struct netlink_change twice[] = {
				{ NETLINK_ADD, ip_v4(0x0a4e0001), 60, -1 },
				{ NETLINK_REMOVE, ip_v4(0x0a4e0001), 0, -1 },
			};
			(void)netlink_change(mine, ifindex, twice, 2);
			poll(NULL, 0, pause_ms);
		}
	}
	for (unsigned i = 0; (i < 100 && now_ms() < enough_ms) || whole == 0; i++) {
		memset(census, 0, sizeof(*census));
		if (netlink_dump_addresses(netlink, ifindex, count, census) == 0) {
			whole++;
			ck_assert_uint_ge(census->count, MANY);
			ck_assert_ptr_null(memchr(census->seen, 0, MANY));
		} else {
			ck_assert_int_eq(errno, EINTR);
		}
	}
	kill(storm, SIGKILL);
	ck_assert_int_eq(waitpid(storm, &status, 0), storm);
	ck_assert_uint_ge(there(census), MANY);
	free(census);
}
END_TEST

/* --- notifications ---------------------------------------------------------------- */

struct told {
	unsigned added, gone, links, links_gone, routes_gone, overruns;
	struct netlink_address address;
	struct netlink_link link;
};

static void
tell_address(void *user, const struct netlink_address *address, bool gone)
{
	struct told *told = user;

	*(gone ? &told->gone : &told->added) += 1;
	told->address = *address;
}

static void
tell_link(void *user, const struct netlink_link *link, bool gone)
{
	struct told *told = user;

	if (strcmp(link->name, "d0") != 0)
		return;
	*(gone ? &told->links_gone : &told->links) += 1;
	told->link = *link;
}

static void
tell_route_gone(void *user)
{
	struct told *told = user;

	told->routes_gone++;
}

static void
tell_overrun(void *user)
{
	struct told *told = user;

	told->overruns++;
}

/* Read until IS_IT, which looks at TOLD, or time out. */
static void
listen_until(struct told *told, bool (*is_it)(const struct told *told))
{
	const struct netlink_events events = { tell_address, tell_link, tell_route_gone,
		tell_overrun, told };
	const long end_ms = now_ms() + PATIENCE_MS;

	while (!is_it(told)) {
		struct pollfd ready = { .fd = netlink_fd(netlink), .events = POLLIN };
		ck_assert_int_lt(now_ms(), end_ms);
		(void)poll(&ready, 1, 100);
		ck_assert_int_eq(netlink_read(netlink, 64, &events), 0);
	}
}

static bool
is_three_added(const struct told *told)
{
	return told->added == 3;
}

static bool
is_one_gone(const struct told *told)
{
	return told->gone == 1;
}

static bool
is_three_gone(const struct told *told)
{
	return told->gone == 3;
}

START_TEST(others_changes_are_told)
{
	struct told told = { 0 };

	ck_assert_int_eq(change(other, NETLINK_ADD, 0, 3, 60), 0);
	listen_until(&told, is_three_added);
	ck_assert_int_eq(told.address.ifindex, ifindex);
	ck_assert_int_eq(told.address.prefix, 32);
	ck_assert_int_eq(change(other, NETLINK_REMOVE, 0, 3, 0), 0);
	listen_until(&told, is_three_gone);
	ck_assert_uint_eq(told.added, 3);
}
END_TEST

START_TEST(our_own_changes_are_not)
{
	struct told told = { 0 };

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 100, 60), 0);
	ck_assert_int_eq(change(netlink, NETLINK_RENEW, 0, 100, 60), 0);
	ck_assert_int_eq(change(netlink, NETLINK_REMOVE, 0, 1, 0), 0);
	RUN("ip addr del 10.77.0.2/32 dev d0"); /* whatever we said came before this */
	listen_until(&told, is_one_gone);
	ck_assert_uint_eq(told.added, 0);
	ck_assert(ip_equal(&told.address.ip, &(struct ip){ IP_V4, { 10, 77, 0, 2 } }));
}
END_TEST

/* It is the kernel that ends a lease, not we. */
START_TEST(the_end_of_a_lease_is_told)
{
	struct told told = { 0 };

	ck_assert_int_eq(change(netlink, NETLINK_ADD, 0, 1, 1), 0);
	listen_until(&told, is_one_gone);
}
END_TEST

START_TEST(reading_does_not_wait)
{
	struct told told = { 0 };
	const struct netlink_events events = { tell_address, tell_link, tell_route_gone,
		tell_overrun, &told };
	const long end_ms = now_ms() + PATIENCE_MS;

	while (told.links == 0) {
		RUN("ip link set d0 down");
		ck_assert_int_eq(netlink_read(netlink, 64, &events), 0);
		ck_assert_int_lt(now_ms(), end_ms);
	}
	/* Who waited for more now would be ended by Check's own timeout. */
	ck_assert_int_eq(netlink_read(netlink, 64, &events), 0);
}
END_TEST

START_TEST(reading_is_bounded)
{
	struct told told = { 0 };
	const struct netlink_events events = { tell_address, tell_link, tell_route_gone,
		tell_overrun, &told };

	ck_assert_int_eq(change(other, NETLINK_ADD, 0, 100, 60), 0);
	ck_assert_int_eq(netlink_read(netlink, 10, &events), 0);
	ck_assert_uint_le(told.added, 10);
	ck_assert_uint_ge(told.added, 1);
}
END_TEST

/* A takeover of many addresses must not overrun a listener that reads it later. */
START_TEST(a_large_batch_fits_the_buffer)
{
	struct told told = { 0 };
	int size = 0;
	socklen_t len = sizeof(size);

	ck_assert_int_eq(
	    getsockopt(netlink_fd(netlink), SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	if (size < 4 * 1024 * 1024)
		return; /* net.core.rmem_max is small here, and we may not exceed it */
	ck_assert_int_eq(change(other, NETLINK_ADD, 0, MANY, 60), 0);
	ck_assert_int_eq(change(other, NETLINK_REMOVE, 0, 1, 0), 0);
	listen_until(&told, is_one_gone);
	ck_assert_uint_eq(told.overruns, 0);
	ck_assert_uint_eq(told.added, MANY);
}
END_TEST

static bool
is_overrun(const struct told *told)
{
	return told->overruns > 0;
}

START_TEST(an_overrun_is_told)
{
	struct told told = { 0 };
	int size = 4096;

	/* As small as the kernel grants. */
	ck_assert_int_eq(
	    setsockopt(netlink_fd(netlink), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
	    0);
	ck_assert_int_eq(change(other, NETLINK_ADD, 0, 500, 60), 0);
	listen_until(&told, is_overrun);
	/* And it goes on: what happens from now on is told. */
	told.gone = 0;
	ck_assert_int_eq(change(other, NETLINK_REMOVE, 0, 1, 0), 0);
	listen_until(&told, is_one_gone);
}
END_TEST

/* --- links ------------------------------------------------------------------------ */

static bool
is_down(const struct told *told)
{
	return told->links > 0 && !told->link.up;
}

static bool
is_up(const struct told *told)
{
	return told->links > 0 && told->link.up && told->link.carrier;
}

static bool
is_link_gone(const struct told *told)
{
	return told->links_gone > 0;
}

static bool
is_without_carrier(const struct told *told)
{
	return told->links > 0 && told->link.up && !told->link.carrier;
}

static bool
is_another_mac(const struct told *told)
{
	return told->link.mac.byte[5] == 0x42;
}

START_TEST(a_link_is_told)
{
	struct told told = { 0 };

	RUN("ip link set d0 down");
	listen_until(&told, is_down);
	ck_assert_int_eq(told.link.ifindex, ifindex);
	RUN("ip link set d0 up");
	listen_until(&told, is_up);
	RUN("ip link set d0 address 02:00:00:00:00:42");
	listen_until(&told, is_another_mac);
	RUN("ip link del d0");
	listen_until(&told, is_link_gone);
}
END_TEST

START_TEST(lost_carrier_is_told)
{
	struct told told = { 0 };
	struct netlink_link link;

	RUN("ip link set d1 down");
	listen_until(&told, is_without_carrier);
	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert(link.up && !link.carrier);
}
END_TEST

/* A bridge tells RTM_DELLINK of the port that leaves it; the interface lives on. */
START_TEST(leaving_a_bridge_is_not_the_end)
{
	struct told told = { 0 };

	if (try("ip link add b0 type bridge 2>/dev/null") != 0)
		return;
	RUN("ip link set d0 master b0 && ip link set d0 nomaster && ip link del b0");
	RUN("ip link set d0 address 02:00:00:00:00:42");
	listen_until(&told, is_another_mac);
	ck_assert_uint_eq(told.links_gone, 0);
}
END_TEST

START_TEST(a_link_is_as_ip_says)
{
	struct netlink_link link;
	char mac[MAC_TEXT];

	RUN("ip link set d0 address 02:00:00:00:00:07");
	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert_int_eq(link.ifindex, ifindex);
	ck_assert_str_eq(link.name, "d0");
	ck_assert_str_eq(mac_format(&link.mac, mac), "02:00:00:00:00:07");
	ck_assert(link.up && link.carrier);
	RUN("ip link set d0 down");
	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert(!link.up);
}
END_TEST

START_TEST(a_missing_link_is_enodev)
{
	const char *const names[] = { "nosuch0", "",
		"a-name-that-no-interface-may-have" };
	struct netlink_link link;

	for (unsigned i = 0; i < 3; i++) {
		errno = 0;
		ck_assert_int_eq(netlink_get_link(netlink, names[i], &link), -1);
		ck_assert_int_eq(errno, ENODEV);
	}
}
END_TEST

enum { OWNER = 4242, OTHER = 4243 };

/* --- local routes ----------------------------------------------------------------- */

struct ranges {
	unsigned count;
	uint64_t owners; /* their sum */
	struct conf_range last;
};

static void
see_range(void *user, const struct conf_range *range, uint32_t owner)
{
	struct ranges *ranges = user;

	ranges->count++;
	ranges->owners += owner;
	ranges->last = *range;
}

static unsigned
local_ranges(struct ranges *ranges)
{
	*ranges = (struct ranges){ 0 };
	ck_assert_int_eq(netlink_local_dump(netlink, see_range, ranges), 0);
	return ranges->count;
}

START_TEST(a_range_is_accepted_and_refused)
{
	const struct conf_range range = { { IP_V4, { 203, 0, 113, 0 } }, 24 };
	struct ranges ranges;

	RUN("ip link set lo up");
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0); /* absent */
	ck_assert_uint_eq(local_ranges(&ranges), 0);
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 1);
	ck_assert_int_eq(ranges.last.prefix, 24);
	ck_assert(ip_equal(&ranges.last.ip, &range.ip));
	RUN("ip route show table local type local | grep -q '203.0.113.0/24 dev lo proto "
	    "%d scope host metric %d'",
	    NETLINK_PROTO, OWNER);
	RUN("ip route get 203.0.113.77 | grep -q '^local'");
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 0);
	ck_assert_int_ne(
	    try("ip route get 203.0.113.77 2>/dev/null | grep -q '^local'"), 0);
}
END_TEST

START_TEST(an_administrators_range_stays)
{
	const struct conf_range range = { { IP_V4, { 198, 51, 100, 0 } }, 24 };
	struct ranges ranges;

	RUN("ip link set lo up && ip route add local 198.51.100.0/24 dev lo");
	ck_assert_uint_eq(local_ranges(&ranges), 0);
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0);
	RUN("ip route show table local type local | grep -q '198.51.100.0/24'");
	/* Ours comes and goes beside it. */
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 1);
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 0);
	RUN("ip route show table local type local | grep -q '198.51.100.0/24'");
	RUN("ip route del local 198.51.100.0/24 dev lo");
}
END_TEST

/* Two daemons accept the same range: either may go, and the range stays. */
START_TEST(each_owner_has_a_route_of_its_own)
{
	const struct conf_range range = { { IP_V4, { 203, 0, 113, 0 } }, 24 };
	struct ranges ranges;

	RUN("ip link set lo up");
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	ck_assert_int_eq(netlink_local_add(netlink, &range, OTHER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 2);
	ck_assert_uint_eq(ranges.owners, OWNER + OTHER);
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OTHER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 1);
	ck_assert_uint_eq(ranges.owners, OWNER);
	RUN("ip route get 203.0.113.77 | grep -q '^local'");
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0);
	ck_assert_uint_eq(local_ranges(&ranges), 0);
}
END_TEST

static bool
is_route_gone(const struct told *told)
{
	return told->routes_gone > 0;
}

/* Of our routes, not of others', and not what we removed ourselves. */
START_TEST(a_removed_route_is_told)
{
	const struct conf_range range = { { IP_V4, { 203, 0, 113, 0 } }, 24 };
	struct told told = { 0 };

	RUN("ip link set lo up && ip route add local 198.51.100.0/24 dev lo");
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	RUN("ip route del local 198.51.100.0/24 dev lo");
	RUN("ip route add 192.0.2.0/24 dev d0 && ip route del 192.0.2.0/24 dev d0");
	ck_assert_int_eq(netlink_local_remove(netlink, &range, OWNER), 0);
	RUN("ip link set d0 address 02:00:00:00:00:42"); /* comes after all of these */
	listen_until(&told, is_another_mac);
	ck_assert_uint_eq(told.routes_gone, 0);
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	RUN("ip route flush table local proto %d", NETLINK_PROTO);
	listen_until(&told, is_route_gone);
	ck_assert_uint_eq(told.routes_gone, 1);
}
END_TEST

START_TEST(delivery_is_as_the_kernel_would)
{
	const struct conf_range range = { { IP_V4, { 203, 0, 113, 0 } }, 24 };
	const struct ip inside = { IP_V4, { 203, 0, 113, 77 } };
	const struct ip router = { IP_V4, { 192, 0, 2, 254 } };
	int error = -1;

	RUN("ip link set lo up && ip addr add 192.0.2.1/24 dev d0");
	ck_assert(!netlink_delivers(netlink, &inside, NULL, 0, &error));
	ck_assert(!netlink_delivers(netlink, &inside, &router, ifindex, &error));
	ck_assert_int_eq(netlink_local_add(netlink, &range, OWNER), 0);
	ck_assert(netlink_delivers(netlink, &inside, NULL, 0, &error));
	ck_assert(netlink_delivers(netlink, &inside, &router, ifindex, &error));
	/* A rule before that of the table local, as firewalls make them. */
	RUN("ip rule add pref 5 to 203.0.113.0/24 prohibit && ip rule add pref 9 lookup "
	    "local && ip rule del pref 0");
	ck_assert(!netlink_delivers(netlink, &inside, &router, ifindex, &error));
	ck_assert_int_ne(error, 0);
}
END_TEST

START_TEST(an_alternative_name_leads_to_the_interface)
{
	struct netlink_link link;

	if (try("ip link property add dev d0 altname "
		"an-alternative-name-of-d0 2>/dev/null") != 0)
		return;
	ck_assert_int_eq(
	    netlink_get_link(netlink, "an-alternative-name-of-d0", &link), 0);
	ck_assert_int_eq(link.ifindex, ifindex);
	ck_assert_str_eq(link.name, "d0");
	ck_assert_int_eq(netlink_get_link_by_index(netlink, ifindex, &link), 0);
	ck_assert_str_eq(link.name, "d0");
}
END_TEST

START_TEST(masters_and_switched_off_arp_are_seen)
{
	struct netlink_link link;

	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert(link.master == 0 && link.master_kind[0] == '\0' && !link.no_arp);
	RUN("ip link set d0 arp off");
	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert(link.no_arp);
	if (try("ip link add b0 type bridge 2>/dev/null") != 0)
		return;
	RUN("ip link set d0 master b0");
	ck_assert_int_eq(netlink_get_link(netlink, "d0", &link), 0);
	ck_assert(link.master != 0);
	ck_assert_str_eq(link.master_kind, "bridge");
}
END_TEST

static TCase *
change_case(void)
{
	TCase *tc = tcase_create("changes");

	tcase_set_timeout(tc, 300); /* valgrind */
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, an_address_is_as_promised);
	tcase_add_test(tc, no_lease_is_for_ever);
	tcase_add_test(tc, a_renewal_prolongs);
	tcase_add_test(tc, a_lease_ends_by_itself);
	tcase_add_test(tc, what_is_gone_is_removed);
	tcase_add_test(tc, an_administrators_address_stays);
	tcase_add_test(tc, other_interfaces_are_not_dumped);
	tcase_add_test(tc, each_change_has_its_own_error);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, many_refusals_are_all_heard);
	tcase_add_test(tc, a_spoilt_dump_is_repeated);
	tcase_add_test(tc, a_range_is_accepted_and_refused);
	tcase_add_test(tc, an_administrators_range_stays);
	tcase_add_test(tc, each_owner_has_a_route_of_its_own);
	tcase_add_test(tc, delivery_is_as_the_kernel_would);
	return tc;
}

static TCase *
notification_case(void)
{
	TCase *tc = tcase_create("notifications");

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, others_changes_are_told);
	tcase_add_test(tc, our_own_changes_are_not);
	tcase_add_test(tc, the_end_of_a_lease_is_told);
	tcase_add_test(tc, reading_does_not_wait);
	tcase_add_test(tc, reading_is_bounded);
	tcase_add_test(tc, a_large_batch_fits_the_buffer);
	tcase_add_test(tc, an_overrun_is_told);
	tcase_add_test(tc, a_link_is_told);
	tcase_add_test(tc, lost_carrier_is_told);
	tcase_add_test(tc, leaving_a_bridge_is_not_the_end);
	tcase_add_test(tc, a_link_is_as_ip_says);
	tcase_add_test(tc, a_missing_link_is_enodev);
	tcase_add_test(tc, an_alternative_name_leads_to_the_interface);
	tcase_add_test(tc, masters_and_switched_off_arp_are_seen);
	tcase_add_test(tc, a_removed_route_is_told);
	return tc;
}

int
main(void)
{
	const char *why = enter_world();

	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	Suite *suite = suite_create("netlink");
	suite_add_tcase(suite, change_case());
	suite_add_tcase(suite, notification_case());
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* check_wire.c - the doors to libpcap and libnet, over a real pair of interfaces.
 *
 * Everything happens in a network namespace of this process's own; where none can be
 * made, the tests are skipped. w0 and w1 are the two ends of one cable; neither has an
 * address, so that the kernel keeps silent. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "announce.h"
#include "log.h"
#include "netns.h"
#include "sniff.h"

#define PAIR                                                                             \
	"ip link add w0 address 02:00:00:00:00:01 type veth peer name w1 address "       \
	"02:00:00:00:00:02 && ip link set w0 addrgenmode none && ip link set w1 "        \
	"addrgenmode none && ip link set w0 up && ip link set w1 up"

enum { PATIENCE_MS = 30000, HEARD = 4096, TAG_8021Q = 0x8100, TAG_8021AD = 0x88a8 };

static struct {
	unsigned count;
	size_t len[HEARD];
	uint8_t frame[HEARD][128];
	size_t longest;
} heard;

/* --- a world of our own ----------------------------------------------------------- */

static const char *
enter_world(void)
{
	const char *why = netns_enter();

	if (why == NULL && system("(" PAIR " && ip link del w0) >/dev/null 2>&1") != 0)
		return "this kernel makes no veth interfaces";
	return why;
}

#define RUN(command) ck_assert_int_eq(system(command), 0)

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void
begin(void)
{
	(void)!system("ip link del w0 2>/dev/null"); /* of a test that failed */
	RUN(PAIR);
	memset(&heard, 0, sizeof(heard));
}

static void
end(void)
{
	sniff_close(NULL);
	announce_close(NULL);
	(void)!system("ip link del w0 2>/dev/null");
}

/* --- frames ----------------------------------------------------------------------- */

/* A claim of 10.77.0.NUMBER. */
static struct arp
claim(unsigned number)
{
	const struct mac mac = { { 2, 0, 0, 0, 0, 1 } };
	const struct ip ip = { IP_V4, { 10, 77, 0, (uint8_t)number } };

	return (struct arp){
		.dst = mac_broadcast,
		.src = mac,
		.op = ARP_REQUEST,
		.sha = mac,
		.spa = ip,
		.tpa = ip,
	};
}

static void
hear(void *user, const uint8_t *frame, size_t len)
{
	ck_assert_ptr_eq(user, &heard);
	ck_assert_uint_lt(heard.count, HEARD);
	if (len > heard.longest)
		heard.longest = len;
	heard.len[heard.count] = len;
	memcpy(heard.frame[heard.count++], frame, len < 128 ? len : 128);
}

/* Read until COUNT frames have come, or time out. */
static void
listen_for(struct sniff *sniff, unsigned count)
{
	const long end_ms = now_ms() + PATIENCE_MS;

	while (heard.count < count) {
		struct pollfd ready = { .fd = sniff_fd(sniff), .events = POLLIN };
		ck_assert_int_lt(now_ms(), end_ms);
		(void)poll(&ready, 1, 100);
		ck_assert_int_ge(sniff_read(sniff, 64, hear, &heard), 0);
	}
}

/* The frames heard are claims of these numbers, in order, and nothing else. */
static void
check_heard(const unsigned *numbers, unsigned count)
{
	ck_assert_uint_eq(heard.count, count);
	for (unsigned i = 0; i < count; i++) {
		const struct arp arp = claim(numbers[i]);
		uint8_t frame[ARP_FRAME_LEN];
		arp_build(&arp, frame);
		ck_assert_uint_eq(heard.len[i], sizeof(frame));
		ck_assert_mem_eq(heard.frame[i], frame, sizeof(frame));
	}
}

static void
say(struct announce *announce, unsigned number)
{
	const struct arp arp = claim(number);

	ck_assert_int_eq(announce_send(announce, &arp), 0);
}

/* COUNT claims, no faster than w1 takes them: between the ends of the cable there is a
 * queue, and on a busy machine the kernel may be late to empty it, and drop what does not
 * fit. */
static void
say_often(struct announce *announce, unsigned count)
{
	struct sniff *pace = sniff_open("w1");

	ck_assert_ptr_nonnull(pace);
	for (unsigned i = 0; i < count; i++) {
		say(announce, 1);
		if (i % 100 == 99 || i + 1 == count)
			listen_for(pace, i + 1);
	}
	sniff_close(pace);
	memset(&heard, 0, sizeof(heard));
}

/* Send LEN bytes as they are, TIMES times, past both doors. */
static void
inject(const char *interface, const uint8_t *frame, size_t len, unsigned times)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	to.sll_ifindex = (int)if_nametoindex(interface);
	ck_assert_int_ge(fd, 0);
	while (times-- > 0)
		ck_assert_int_eq(
		    sendto(fd, frame, len, 0, (struct sockaddr *)(void *)&to, sizeof(to)),
		    (ssize_t)len);
	close(fd);
}

/* A claim of NUMBER behind TAG and its identifier. */
static void
inject_tagged(const char *interface, unsigned tag, unsigned vlan, unsigned number)
{
	const struct arp arp = claim(number);
	uint8_t plain[ARP_FRAME_LEN], frame[ARP_FRAME_LEN + 4];

	arp_build(&arp, plain);
	memcpy(frame, plain, 12);
	frame[12] = (uint8_t)(tag >> 8);
	frame[13] = (uint8_t)tag;
	frame[14] = (uint8_t)(vlan >> 8);
	frame[15] = (uint8_t)vlan;
	memcpy(frame + 16, plain + 12, sizeof(plain) - 12);
	inject(interface, frame, sizeof(frame), 1);
}

/* --- what is heard ---------------------------------------------------------------- */

START_TEST(what_is_said_is_heard)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");

	ck_assert(sniff != NULL && announce != NULL);
	ck_assert_int_eq(sniff_read(sniff, 64, hear, &heard), 0);
	for (unsigned number = 1; number <= 3; number++)
		say(announce, number);
	listen_for(sniff, 3);
	check_heard((const unsigned[]){ 1, 2, 3 }, 3);
	ck_assert_uint_eq(sniff_dropped(sniff), 0);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

START_TEST(our_own_words_are_not_heard)
{
	struct sniff *sniff = sniff_open("w0");
	struct announce *ours = announce_open("w0"), *theirs = announce_open("w1");

	ck_assert(sniff != NULL && ours != NULL && theirs != NULL);
	for (unsigned i = 0; i < 50; i++)
		say(ours, 1);
	say(theirs, 2); /* whatever we might hear of ours came before it */
	listen_for(sniff, 1);
	check_heard((const unsigned[]){ 2 }, 1);
	announce_close(ours);
	announce_close(theirs);
	sniff_close(sniff);
}
END_TEST

/* Frames with a VLAN's tag belong to another interface. They come through whole with
 * their tag, so that arp_parse() tells and the core counts them; none passes for
 * untagged. A tag of priority only makes no difference. */
START_TEST(tagged_frames_are_told_from_others)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");
	static const enum arp_verdict wanted[] = { ARP_TAGGED, ARP_OK, ARP_TAGGED,
		ARP_OK };
	struct arp arp;

	ck_assert(sniff != NULL && announce != NULL);
	inject_tagged("w0", TAG_8021Q, 7, 101);
	inject_tagged("w0", TAG_8021Q, 0, 102); /* priority only */
	inject_tagged("w0", TAG_8021AD, 7, 103);
	say(announce, 1);
	listen_for(sniff, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(
		    arp_parse(heard.frame[i], heard.len[i], &arp), wanted[i]);
	ck_assert_uint_eq(heard.count, 4);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

START_TEST(other_protocols_are_not_heard)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");
	uint8_t frame[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1 };

	ck_assert(sniff != NULL && announce != NULL);
	frame[12] = 0x08; /* IPv4 */
	inject("w0", frame, sizeof(frame), 1);
	frame[12] = 0x86; /* IPv6 */
	frame[13] = 0xdd;
	inject("w0", frame, sizeof(frame), 1);
	say(announce, 1);
	listen_for(sniff, 1);
	check_heard((const unsigned[]){ 1 }, 1);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

/* What came before the filter was set is filtered too. */
START_TEST(early_frames_are_filtered)
{
	uint8_t frame[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8 };
	pid_t noise = fork();
	int status;

	ck_assert_int_ge(noise, 0);
	if (noise == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			inject("w0", frame, sizeof(frame), 1000);
	}
	for (unsigned i = 0; i < 10; i++) {
		struct sniff *sniff = sniff_open("w1");
		ck_assert_ptr_nonnull(sniff);
		for (unsigned k = 0; k < 100; k++)
			ck_assert_int_eq(sniff_read(sniff, 64, hear, &heard), 0);
		sniff_close(sniff);
	}
	kill(noise, SIGKILL);
	ck_assert_int_eq(waitpid(noise, &status, 0), noise);
	ck_assert_uint_eq(heard.count, 0);
}
END_TEST

START_TEST(long_frames_are_cut)
{
	struct sniff *sniff = sniff_open("w1");
	const struct arp arp = claim(1);
	uint8_t frame[1514] = { 0 };

	ck_assert_ptr_nonnull(sniff);
	arp_build(&arp, frame);
	inject("w0", frame, sizeof(frame), 1);
	inject("w0", frame, 42, 1); /* without padding: what kernels send */
	listen_for(sniff, 2);
	ck_assert_uint_eq(heard.longest, 128);
	ck_assert_uint_eq(heard.len[1], 42);
	ck_assert_mem_eq(heard.frame[0], frame, 128);
	sniff_close(sniff);
}
END_TEST

START_TEST(a_read_is_bounded)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");
	const long end_ms = now_ms() + PATIENCE_MS;

	ck_assert(sniff != NULL && announce != NULL);
	say_often(announce, 1000);
	while (heard.count < 1000) {
		int count = sniff_read(sniff, 10, hear, &heard);
		ck_assert(count >= 0 && count <= 10);
		ck_assert_int_lt(now_ms(), end_ms);
	}
	ck_assert_uint_eq(heard.count, 1000);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

/* A takeover of everything fits the ring, also when we are late to read it. */
START_TEST(a_burst_waits_for_us)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");

	ck_assert(sniff != NULL && announce != NULL);
	say_often(announce, HEARD);
	listen_for(sniff, HEARD);
	ck_assert_uint_eq(sniff_dropped(sniff), 0);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

/* --- links ------------------------------------------------------------------------ */

/* The descriptor falls silent after a few reads. */
static void
check_no_spin(struct sniff *sniff)
{
	for (unsigned turn = 0; turn < 5; turn++) {
		struct pollfd ready = { .fd = sniff_fd(sniff), .events = POLLIN };
		if (poll(&ready, 1, 0) == 0)
			return;
		ck_assert_int_ge(sniff_read(sniff, 64, hear, &heard), 0);
	}
	ck_abort_msg("a link that is down keeps the loop awake");
}

START_TEST(a_link_goes_down_and_up)
{
	const long end_ms = now_ms() + PATIENCE_MS;
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");

	ck_assert(sniff != NULL && announce != NULL);
	for (unsigned turn = 0; turn < 3; turn++) {
		RUN("ip link set w1 down");
		check_no_spin(sniff);
		RUN("ip link set w1 up");
		check_no_spin(sniff);
		heard.count = 0;
		/* The other end's queue swallows what is sent before it has noticed. */
		while (heard.count == 0) {
			struct pollfd ready = { .fd = sniff_fd(sniff), .events = POLLIN };
			ck_assert_int_lt(now_ms(), end_ms);
			say(announce, 1);
			(void)poll(&ready, 1, 20);
			ck_assert_int_ge(sniff_read(sniff, 64, hear, &heard), 0);
		}
	}
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

/* With frames that wait in the ring when it happens. */
START_TEST(a_link_goes_down_with_frames_waiting)
{
	struct sniff *sniff = sniff_open("w1");
	struct announce *announce = announce_open("w0");

	ck_assert(sniff != NULL && announce != NULL);
	say_often(announce, 100);
	RUN("ip link set w1 down");
	check_no_spin(sniff);
	ck_assert_uint_eq(heard.count, 100);
	announce_close(announce);
	sniff_close(sniff);
}
END_TEST

START_TEST(sending_on_a_dead_link_fails)
{
	struct announce *announce = announce_open("w0");
	const struct arp arp = claim(1);

	ck_assert_ptr_nonnull(announce);
	RUN("ip link set w0 down");
	ck_assert_int_eq(announce_send(announce, &arp), -1);
	ck_assert_ptr_nonnull(strstr(announce_error(announce), "down"));
	ck_assert_ptr_null(strchr(announce_error(announce), '\n'));
	RUN("ip link set w0 up");
	ck_assert_int_eq(announce_send(announce, &arp), 0);
	RUN("ip link del w0");
	ck_assert_int_eq(announce_send(announce, &arp), -1);
	ck_assert_str_ne(announce_error(announce), "");
	announce_close(announce);
}
END_TEST

START_TEST(a_deleted_interface_ends_the_capture)
{
	const long end_ms = now_ms() + PATIENCE_MS;
	struct sniff *sniff = sniff_open("w1");

	ck_assert_ptr_nonnull(sniff);
	RUN("ip link del w1");
	while (sniff_read(sniff, 64, hear, &heard) == 0) {
		struct pollfd ready = { .fd = sniff_fd(sniff), .events = POLLIN };
		ck_assert_int_lt(now_ms(), end_ms);
		(void)poll(&ready, 1, 100);
	}
	ck_assert_int_eq(sniff_read(sniff, 64, hear, &heard), -1);
	sniff_close(sniff);
}
END_TEST

/* A queue that does not move is a failure to report, never something to wait for. */
START_TEST(a_full_queue_does_not_hold_us)
{
	struct announce *announce = announce_open("w0");
	const struct arp arp = claim(1);
	const long begin_ms = now_ms();
	unsigned sent = 0;

	if (system("tc qdisc add dev w0 root tbf rate 1kbit burst 100 limit 100mb "
		   "2>/dev/null") != 0)
		return; /* this kernel cannot hold frames back */
	ck_assert_ptr_nonnull(announce);
	while (sent < 100000 && announce_send(announce, &arp) == 0)
		sent++;
	ck_assert_uint_lt(sent, 100000);
	ck_assert_int_lt(now_ms() - begin_ms, PATIENCE_MS);
	announce_close(announce);
}
END_TEST

/* The socket that only sends must not fill with what everybody else sends: the kernel
 * would hand it every frame of every interface. */
START_TEST(the_sender_does_not_listen)
{
	struct announce *ours = announce_open("w0"), *theirs = announce_open("w1");
	char line[200];
	unsigned sockets = 0, waiting = 0;

	ck_assert(ours != NULL && theirs != NULL);
	for (unsigned i = 0; i < 100; i++)
		say(theirs, 1);
	FILE *file = fopen("/proc/net/packet", "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file)); /* the head */
	while (fgets(line, sizeof(line), file) != NULL) {
		unsigned bytes = 0;
		ck_assert_int_eq(sscanf(line, "%*s %*s %*s %*s %*s %*s %u", &bytes), 1);
		sockets++;
		waiting += bytes;
	}
	fclose(file);
	ck_assert_uint_eq(sockets, 2);
	ck_assert_uint_eq(waiting, 0);
	announce_close(ours);
	announce_close(theirs);
}
END_TEST

/* --- what cannot be opened -------------------------------------------------------- */

static void
drop_rights(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &head, none) != 0)
		_exit(3);
}

/* In a child, RIGHTS or not: both doors refuse INTERFACE; what was logged is in SAID. */
static void
refused(const char *interface, bool rights, char said[2000])
{
	int ends[2], status = 0;
	size_t len = 0;
	ssize_t got;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (!rights)
			drop_rights();
		if (dup2(ends[1], STDERR_FILENO) < 0)
			_exit(4);
		_exit(sniff_open(interface) != NULL || announce_open(interface) != NULL);
	}
	close(ends[1]);
	while (len < 1999 && (got = read(ends[0], said + len, 1999 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(refusals_say_what_to_do)
{
	char said[2000];

	refused("nosuch0", true, said);
	ck_assert_ptr_nonnull(strstr(said, "no interface nosuch0"));
	ck_assert_ptr_nonnull(strstr(said, "`ip link'"));
	ck_assert_ptr_nonnull(strstr(said, "cannot send on nosuch0: "));
	ck_assert_ptr_null(strstr(said, "\n\n"));
	refused("w0", false, said);
	ck_assert_ptr_nonnull(strstr(said, "cannot capture on w0: run as root"));
	ck_assert_ptr_nonnull(strstr(said, "CAP_NET_RAW"));
	ck_assert_ptr_nonnull(strstr(said, "cannot send on w0: "));
	/* Neither library captures or sends on an interface that is down at the start. */
	RUN("ip link set w0 down");
	refused("w0", true, said);
	ck_assert_ptr_nonnull(strstr(said, "cannot capture on w0: it is down"));
	ck_assert_ptr_nonnull(strstr(said, "ip link set w0 up"));
	refused("a-name-that-no-interface-may-have", true, said);
	ck_assert_ptr_nonnull(strstr(said, "a-name-that-no-interface-may-have"));
}
END_TEST

int
main(void)
{
	const char *why = enter_world();

	if (why != NULL) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	log_open(0);
	Suite *suite = suite_create("wire");
	TCase *tc = tcase_create("wire");

	tcase_set_timeout(tc, 300); /* valgrind */
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, what_is_said_is_heard);
	tcase_add_test(tc, our_own_words_are_not_heard);
	tcase_add_test(tc, tagged_frames_are_told_from_others);
	tcase_add_test(tc, other_protocols_are_not_heard);
	tcase_add_test(tc, early_frames_are_filtered);
	tcase_add_test(tc, long_frames_are_cut);
	tcase_add_test(tc, a_read_is_bounded);
	tcase_add_test(tc, a_burst_waits_for_us);
	tcase_add_test(tc, a_link_goes_down_and_up);
	tcase_add_test(tc, a_link_goes_down_with_frames_waiting);
	tcase_add_test(tc, sending_on_a_dead_link_fails);
	tcase_add_test(tc, a_deleted_interface_ends_the_capture);
	tcase_add_test(tc, a_full_queue_does_not_hold_us);
	tcase_add_test(tc, the_sender_does_not_listen);
	tcase_add_test(tc, refusals_say_what_to_do);
	suite_add_tcase(suite, tc);

	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}

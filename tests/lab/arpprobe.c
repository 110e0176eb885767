/* SPDX-License-Identifier: BSD-2-Clause */
/* arpprobe.c - asks for addresses again and again, and tells who answered when.
 *
 * Two ways of asking. `icmp` lets this host's own kernel send echo requests: its real
 * neighbour table decides where they go, so what is measured is what a router's traffic
 * sees. `arp` asks the segment itself, as a third station, and so finds addresses that
 * two servers answer for. Times are CLOCK_MONOTONIC, for comparison with other programs
 * on the same machine. For tests; needs CAP_NET_RAW. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll(2) */
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000
#define SEC INT64_C(1000000000)
#define NEVER INT64_MAX
#define MAC_LEN 6
#define ARP_LEN 42
#ifndef ICMP_FILTER
#define ICMP_FILTER 1 /* of linux/icmp.h, which does not go with net/if.h */
#endif
#define MAX_TARGETS 4096
#define MAX_ASKED 64
#define MAGIC UINT32_C(0x766c6264) /* in our echoes, beside the identifier */

enum {
	LIVE_AFTER = 5, /* probes without an answer before --live says so */
	MERGE_MS = 50,  /* duplicates no further apart are one event */
};

struct mac {
	uint8_t b[MAC_LEN];
};

struct probe {
	int64_t sent_ns;
	int64_t answered_ns; /* 0: not yet */
	struct mac first;    /* who answered first; `arp` only */
};

/* Who answered, from when to when. */
struct owner {
	struct mac mac;
	int64_t begin_ns, end_ns;
	unsigned long answers;
};

/* Two servers answered for the same probe. */
struct duplicate {
	struct mac mac[2];
	int64_t begin_ns, end_ns;
	unsigned long probes;
	size_t last_probe;
};

struct target {
	struct in_addr ip;
	struct probe *probe;
	size_t probes, probe_room;
	struct owner *owner;
	size_t owners, owner_room;
	struct duplicate *duplicate;
	size_t duplicates, duplicate_room;
	size_t answered;
	size_t next_expected; /* one behind the latest probe that was answered */
	bool silent;          /* --live has said so */
};

struct options {
	bool arp, live, json;
	int64_t interval_ns, wait_ns, run_ns;
	const char *interface;
	struct in_addr spa;
	struct mac asked[MAX_ASKED]; /* whom to ask; none: everybody */
	size_t askeds;
};

struct prober {
	struct options opt;
	struct target *target;
	size_t targets;
	int fd;
	uint16_t id;
	struct mac self;
	int64_t began_ns, ended_ns, late_ns;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static void __attribute__((noreturn, format(printf, 2, 3)))
die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("arpprobe: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static int64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SEC + now.tv_nsec;
}

static double
seconds(int64_t ns)
{
	return (double)ns / (double)SEC;
}

static double
millis(int64_t ns)
{
	return (double)ns / MS;
}

/* Room for one more item of SIZE in a growing array. */
static void *
grown(void *array, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room == 0 ? 16 : *room * 2;
	void *bigger = realloc(array, *room * size);
	if (bigger == NULL)
		die(1, "no memory left");
	return bigger;
}

static bool
same_mac(const struct mac *a, const struct mac *b)
{
	return memcmp(a->b, b->b, MAC_LEN) == 0;
}

static const char *
mac_text(const struct mac *mac, char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1],
	    mac->b[2], mac->b[3], mac->b[4], mac->b[5]);
	return text;
}

static void __attribute__((format(printf, 3, 4)))
say_live(const struct target *target, int64_t at_ns, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("%.6f %s ", seconds(at_ns), inet_ntoa(target->ip));
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
	va_end(args);
}

/* ---- what was heard ---- */

static void
note_owner(const struct options *opt, struct target *target, const struct mac *mac,
    int64_t at_ns)
{
	struct owner *last =
	    target->owners > 0 ? &target->owner[target->owners - 1] : NULL;
	char text[18];

	if (last != NULL && same_mac(&last->mac, mac)) {
		last->end_ns = at_ns;
		last->answers++;
		return;
	}
	target->owner = grown(
	    target->owner, target->owners, &target->owner_room, sizeof(*target->owner));
	target->owner[target->owners++] = (struct owner){ *mac, at_ns, at_ns, 1 };
	if (opt->live)
		say_live(target, at_ns, "answered by %s", mac_text(mac, text));
}

static void
note_duplicate(struct target *target, size_t index, const struct mac *mac, int64_t at_ns)
{
	struct duplicate *last =
	    target->duplicates > 0 ? &target->duplicate[target->duplicates - 1] : NULL;

	if (last != NULL && at_ns - last->end_ns < (int64_t)MERGE_MS * MS) {
		last->end_ns = at_ns;
		last->probes += last->last_probe != index;
		last->last_probe = index;
		return;
	}
	target->duplicate = grown(target->duplicate, target->duplicates,
	    &target->duplicate_room, sizeof(*target->duplicate));
	target->duplicate[target->duplicates++] = (struct duplicate){
		.mac = { target->probe[index].first, *mac },
		.begin_ns = at_ns,
		.end_ns = at_ns,
		.probes = 1,
		.last_probe = index,
	};
}

/* Probe INDEX of TARGET was answered; MAC is NULL where nobody knows by whom. */
static void
note_answer(const struct options *opt, struct target *target, size_t index,
    const struct mac *mac, int64_t at_ns)
{
	struct probe *probe = &target->probe[index];

	if (mac != NULL)
		note_owner(opt, target, mac, at_ns);
	if (probe->answered_ns != 0) {
		if (mac != NULL && !same_mac(&probe->first, mac))
			note_duplicate(target, index, mac, at_ns);
		return;
	}
	if (at_ns - probe->sent_ns > opt->wait_ns)
		return;
	probe->answered_ns = at_ns;
	target->answered++;
	if (mac != NULL)
		probe->first = *mac;
	if (index < target->next_expected)
		return;
	if (target->silent) {
		target->silent = false;
		say_live(target, at_ns, "answers again after %.1fms, %zu probes lost",
		    millis(at_ns - target->probe[target->next_expected].sent_ns),
		    index - target->next_expected);
	}
	target->next_expected = index + 1;
}

static void
note_sent(struct prober *p, struct target *target, int64_t at_ns)
{
	target->probe = grown(
	    target->probe, target->probes, &target->probe_room, sizeof(*target->probe));
	target->probe[target->probes++] = (struct probe){ .sent_ns = at_ns };

	size_t unanswered = target->probes - target->next_expected;
	if (p->opt.live && !target->silent && unanswered > LIVE_AFTER) {
		target->silent = true;
		say_live(target, target->probe[target->next_expected].sent_ns, "silent");
	}
}

/* ---- echo requests, by this host's own neighbour table ---- */

struct echo {
	struct icmphdr head;
	uint32_t magic, target, index;
};

static uint16_t
checksum(const void *data, size_t len)
{
	const uint8_t *byte = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)byte[i] << 8 | byte[i + 1];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void
open_icmp(struct prober *p)
{
	uint32_t all_but_replies = ~(UINT32_C(1) << ICMP_ECHOREPLY);

	p->fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (p->fd < 0)
		die(1, "no raw socket: %s (run it as root)", strerror(errno));
	setsockopt(
	    p->fd, SOL_RAW, ICMP_FILTER, &all_but_replies, sizeof(all_but_replies));
	p->id = (uint16_t)((unsigned)getpid() ^ (unsigned)p->began_ns);
}

static void
ask_icmp(struct prober *p, size_t t)
{
	struct target *target = &p->target[t];
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = target->ip };
	struct echo echo = {
		.head = { .type = ICMP_ECHO },
		.magic = htonl(MAGIC),
		.target = htonl((uint32_t)t),
		.index = htonl((uint32_t)target->probes),
	};

	echo.head.un.echo.id = htons(p->id);
	echo.head.un.echo.sequence = htons((uint16_t)target->probes);
	echo.head.checksum = checksum(&echo, sizeof(echo));
	note_sent(p, target, clock_ns(CLOCK_MONOTONIC));
	/* An error here (host unreachable, no buffers) is a probe without an answer. */
	(void)sendto(p->fd, &echo, sizeof(echo), 0, (struct sockaddr *)&to, sizeof(to));
}

static void
hear_icmp(struct prober *p, const uint8_t *packet, size_t len, int64_t at_ns)
{
	size_t ip_len = (size_t)(packet[0] & 0x0f) * 4;
	struct echo echo;

	if (len < ip_len + sizeof(echo))
		return;
	memcpy(&echo, packet + ip_len, sizeof(echo));
	if (echo.head.type != ICMP_ECHOREPLY || ntohs(echo.head.un.echo.id) != p->id ||
	    ntohl(echo.magic) != MAGIC || ntohl(echo.target) >= p->targets)
		return;
	struct target *target = &p->target[ntohl(echo.target)];
	if (ntohl(echo.index) < target->probes)
		note_answer(&p->opt, target, ntohl(echo.index), NULL, at_ns);
}

/* ---- who-has, as a third station ---- */

static void
open_arp(struct prober *p)
{
	struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)if_nametoindex(p->opt.interface),
	};
	socklen_t len = sizeof(here);

	if (here.sll_ifindex == 0)
		die(1, "no interface named %s", p->opt.interface);
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		die(1, "no packet socket: %s (run it as root)", strerror(errno));
	if (bind(p->fd, (struct sockaddr *)&here, len) < 0 ||
	    getsockname(p->fd, (struct sockaddr *)&here, &len) < 0)
		die(1, "%s: %s", p->opt.interface, strerror(errno));
	memcpy(p->self.b, here.sll_addr, MAC_LEN);
}

static void
send_who_has(const struct prober *p, struct in_addr ip, const struct mac *to)
{
	/* Ethernet, then hardware 1, protocol 0x0800, lengths 6 and 4, request */
	static const uint8_t fixed[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t frame[ARP_LEN] = { 0 };

	memcpy(frame, to->b, MAC_LEN);
	memcpy(frame + 6, p->self.b, MAC_LEN);
	memcpy(frame + 12, fixed, sizeof(fixed));
	memcpy(frame + 22, p->self.b, MAC_LEN);
	memcpy(frame + 28, &p->opt.spa, 4);
	memcpy(frame + 38, &ip, 4);
	(void)send(p->fd, frame, sizeof(frame), 0);
}

static void
ask_arp(struct prober *p, size_t t)
{
	static const struct mac everybody = { { 255, 255, 255, 255, 255, 255 } };
	struct target *target = &p->target[t];

	note_sent(p, target, clock_ns(CLOCK_MONOTONIC));
	if (p->opt.askeds == 0)
		send_who_has(p, target->ip, &everybody);
	for (size_t i = 0; i < p->opt.askeds; i++)
		send_who_has(p, target->ip, &p->opt.asked[i]);
}

/* Replies carry no number: one belongs to the latest probe for its address. */
static void
hear_arp(struct prober *p, const uint8_t *frame, size_t len, int64_t at_ns)
{
	static const uint8_t reply[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 2 };
	struct mac sha;
	struct in_addr spa;

	if (len < ARP_LEN || memcmp(frame + 12, reply, sizeof(reply)) != 0 ||
	    memcmp(frame, p->self.b, MAC_LEN) != 0)
		return;
	memcpy(sha.b, frame + 22, MAC_LEN);
	memcpy(&spa, frame + 28, sizeof(spa));
	for (size_t t = 0; t < p->targets; t++) {
		struct target *target = &p->target[t];
		if (target->ip.s_addr == spa.s_addr && target->probes > 0)
			note_answer(&p->opt, target, target->probes - 1, &sha, at_ns);
	}
}

/* ---- the loop ---- */

static void
open_socket(struct prober *p)
{
	int yes = 1, room = 4 << 20;

	if (p->opt.arp)
		open_arp(p);
	else
		open_icmp(p);
	setsockopt(p->fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes));
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

/* The kernel's stamp of arrival, as monotonic time: what this process was late for in
 * reading does not count. */
static int64_t
arrival_ns(struct msghdr *msg)
{
	int64_t now_ns = clock_ns(CLOCK_MONOTONIC);
	int64_t offset_ns = clock_ns(CLOCK_REALTIME) - now_ns;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct timespec stamp;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
		int64_t at_ns = (int64_t)stamp.tv_sec * SEC + stamp.tv_nsec - offset_ns;
		return at_ns < now_ns ? at_ns : now_ns;
	}
	return now_ns;
}

static void
hear_all(struct prober *p)
{
	uint8_t packet[2048];
	union {
		struct cmsghdr align;
		char room[256];
	} control;

	for (;;) {
		struct iovec part = { packet, sizeof(packet) };
		struct msghdr msg = {
			.msg_iov = &part,
			.msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};
		ssize_t len = recvmsg(p->fd, &msg, 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return;
		if (p->opt.arp)
			hear_arp(p, packet, (size_t)len, arrival_ns(&msg));
		else
			hear_icmp(p, packet, (size_t)len, arrival_ns(&msg));
	}
}

/* Listen until UNTIL_NS. False: a signal says that this is the end. */
static bool
listen_until(struct prober *p, int64_t until_ns)
{
	struct pollfd poll_fd = { .fd = p->fd, .events = POLLIN };

	while (!stopped) {
		int64_t left_ns = until_ns - clock_ns(CLOCK_MONOTONIC);
		if (left_ns <= 0)
			return true;
		struct timespec timeout = { (time_t)(left_ns / SEC), left_ns % SEC };
		if (ppoll(&poll_fd, 1, &timeout, NULL) > 0)
			hear_all(p);
	}
	return false;
}

static bool
all_answered(const struct prober *p)
{
	for (size_t t = 0; t < p->targets; t++)
		if (p->target[t].next_expected < p->target[t].probes)
			return false;
	return true;
}

static void
run(struct prober *p)
{
	int64_t next_ns = p->began_ns;
	int64_t end_ns = p->opt.run_ns == NEVER ? NEVER : p->began_ns + p->opt.run_ns;

	while (next_ns < end_ns && listen_until(p, next_ns)) {
		int64_t late_ns = clock_ns(CLOCK_MONOTONIC) - next_ns;
		if (late_ns > p->late_ns)
			p->late_ns = late_ns;
		for (size_t t = 0; t < p->targets; t++) {
			if (p->opt.arp)
				ask_arp(p, t);
			else
				ask_icmp(p, t);
		}
		hear_all(p); /* the answers, before an overdue round asks again */
		next_ns += p->opt.interval_ns * (1 + late_ns / p->opt.interval_ns);
	}
	p->ended_ns = clock_ns(CLOCK_MONOTONIC);
	stopped = 0; /* a second signal ends the wait for stragglers */
	while (!all_answered(p) &&
	       clock_ns(CLOCK_MONOTONIC) < p->ended_ns + p->opt.wait_ns &&
	       listen_until(p, clock_ns(CLOCK_MONOTONIC) + 10 * MS))
		;
}

/* ---- the report ---- */

struct gap {
	int64_t begin_ns, end_ns; /* end 0: it lasted to the end */
	size_t lost;
};

/* The next run of unanswered probes from *INDEX on. False: no more. */
static bool
next_gap(const struct target *target, size_t *index, struct gap *gap)
{
	size_t i = *index;

	while (i < target->probes && target->probe[i].answered_ns != 0)
		i++;
	if (i == target->probes)
		return false;
	*gap = (struct gap){ .begin_ns = target->probe[i].sent_ns };
	for (; i < target->probes && target->probe[i].answered_ns == 0; i++)
		gap->lost++;
	if (i < target->probes)
		gap->end_ns = target->probe[i].answered_ns;
	*index = i;
	return true;
}

static int64_t
slowest_ns(const struct target *target)
{
	int64_t worst_ns = 0;

	for (size_t i = 0; i < target->probes; i++) {
		const struct probe *probe = &target->probe[i];
		if (probe->answered_ns != 0 &&
		    probe->answered_ns - probe->sent_ns > worst_ns)
			worst_ns = probe->answered_ns - probe->sent_ns;
	}
	return worst_ns;
}

static void
json_gaps(const struct prober *p, const struct target *target)
{
	const char *comma = "";
	struct gap gap;

	printf("\"gaps\":[");
	for (size_t i = 0; next_gap(target, &i, &gap); comma = ",") {
		int64_t end_ns = gap.end_ns != 0 ? gap.end_ns : p->ended_ns;
		printf("%s{\"begin\":%.6f,\"end\":%.6f,\"ms\":%.3f,\"lost\":%zu,"
		       "\"open\":%s}",
		    comma, seconds(gap.begin_ns), seconds(end_ns),
		    millis(end_ns - gap.begin_ns), gap.lost,
		    gap.end_ns != 0 ? "false" : "true");
	}
	printf("],");
}

static void
json_target(const struct prober *p, const struct target *target)
{
	char text[18], other[18];

	printf("{\"address\":\"%s\",\"sent\":%zu,\"answered\":%zu,\"slowest_ms\":%.3f,",
	    inet_ntoa(target->ip), target->probes, target->answered,
	    millis(slowest_ns(target)));
	json_gaps(p, target);
	printf("\"owners\":[");
	for (size_t i = 0; i < target->owners; i++) {
		const struct owner *o = &target->owner[i];
		printf("%s{\"mac\":\"%s\",\"begin\":%.6f,\"end\":%.6f,\"answers\":%lu}",
		    i > 0 ? "," : "", mac_text(&o->mac, text), seconds(o->begin_ns),
		    seconds(o->end_ns), o->answers);
	}
	printf("],\"duplicates\":[");
	for (size_t i = 0; i < target->duplicates; i++) {
		const struct duplicate *d = &target->duplicate[i];
		printf("%s{\"macs\":[\"%s\",\"%s\"],\"begin\":%.6f,\"end\":%.6f,"
		       "\"probes\":%lu}",
		    i > 0 ? "," : "", mac_text(&d->mac[0], text),
		    mac_text(&d->mac[1], other), seconds(d->begin_ns), seconds(d->end_ns),
		    d->probes);
	}
	printf("]}");
}

static void
print_json(const struct prober *p)
{
	printf("{\"mode\":\"%s\",\"interval_ms\":%.3f,\"began\":%.6f,\"ended\":%.6f,"
	       "\"late_ms\":%.3f,\"addresses\":[",
	    p->opt.arp ? "arp" : "icmp", millis(p->opt.interval_ns), seconds(p->began_ns),
	    seconds(p->ended_ns), millis(p->late_ns));
	for (size_t t = 0; t < p->targets; t++) {
		if (t > 0)
			putchar(',');
		json_target(p, &p->target[t]);
	}
	printf("]}\n");
}

static void
print_target(const struct prober *p, const struct target *target)
{
	char text[18], other[18];
	struct gap gap;

	printf("%s: %zu probes, %zu answered, slowest %.1fms\n", inet_ntoa(target->ip),
	    target->probes, target->answered, millis(slowest_ns(target)));
	for (size_t i = 0; next_gap(target, &i, &gap);) {
		int64_t end_ns = gap.end_ns != 0 ? gap.end_ns : p->ended_ns;
		printf("  no answer for %.1fms from +%.3fs%s, %zu probes lost\n",
		    millis(end_ns - gap.begin_ns), seconds(gap.begin_ns - p->began_ns),
		    gap.end_ns != 0 ? "" : " to the end", gap.lost);
	}
	for (size_t i = 0; i < target->owners; i++) {
		const struct owner *o = &target->owner[i];
		printf("  answered by %s from +%.3fs to +%.3fs, %lu times\n",
		    mac_text(&o->mac, text), seconds(o->begin_ns - p->began_ns),
		    seconds(o->end_ns - p->began_ns), o->answers);
	}
	for (size_t i = 0; i < target->duplicates; i++) {
		const struct duplicate *d = &target->duplicate[i];
		printf("  answered by both %s and %s from +%.3fs to +%.3fs, %lu probes\n",
		    mac_text(&d->mac[0], text), mac_text(&d->mac[1], other),
		    seconds(d->begin_ns - p->began_ns), seconds(d->end_ns - p->began_ns),
		    d->probes);
	}
}

static void
print_text(const struct prober *p)
{
	for (size_t t = 0; t < p->targets; t++)
		print_target(p, &p->target[t]);
	printf("latest probe: %.1fms behind its time\n", millis(p->late_ns));
}

/* ---- the command line ---- */

static const char usage[] =
    "usage: arpprobe [-i MS] [-w MS] [-t SECONDS] [-l] [-j] icmp ADDRESS...\n"
    "       arpprobe [...] -I INTERFACE -s OWN-ADDRESS [-u MAC]... arp ADDRESS...\n"
    "  -i MS       ask for each address this often (2)\n"
    "  -w MS       an answer later than this is none (1000)\n"
    "  -t SECONDS  end after that long (on SIGINT or SIGTERM)\n"
    "  -l          say at once what changes\n"
    "  -j          report in JSON\n"
    "  -u MAC      ask this station, by unicast, instead of everybody; repeatable\n";

static void __attribute__((noreturn)) wrong_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static int64_t
read_time(const char *text, int64_t unit_ns)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value > 0) || value > 1e6)
		die(2, "%s: not a time", text);
	return (int64_t)(value * (double)unit_ns);
}

static struct in_addr
read_address(const char *text)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, text, &ip) != 1)
		die(2, "%s: not an IPv4 address", text);
	return ip;
}

static struct mac
read_mac(const char *text)
{
	unsigned b[MAC_LEN];
	struct mac mac;
	int len = 0;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4],
		&b[5], &len) != MAC_LEN ||
	    text[len] != '\0')
		die(2, "%s: not a hardware address", text);
	for (size_t i = 0; i < MAC_LEN; i++)
		mac.b[i] = (uint8_t)b[i];
	return mac;
}

static void
read_option(struct options *opt, int letter)
{
	switch (letter) {
	case 'i':
		opt->interval_ns = read_time(optarg, MS);
		break;
	case 'w':
		opt->wait_ns = read_time(optarg, MS);
		break;
	case 't':
		opt->run_ns = read_time(optarg, SEC);
		break;
	case 'l':
		opt->live = true;
		break;
	case 'j':
		opt->json = true;
		break;
	case 'I':
		opt->interface = optarg;
		break;
	case 's':
		opt->spa = read_address(optarg);
		break;
	case 'u':
		if (opt->askeds == MAX_ASKED)
			die(2, "-u: more than %d stations", MAX_ASKED);
		opt->asked[opt->askeds++] = read_mac(optarg);
		break;
	default:
		wrong_usage();
	}
}

static void
read_command_line(struct prober *p, int argc, char **argv)
{
	int letter;

	p->opt.interval_ns = 2 * MS;
	p->opt.wait_ns = SEC;
	p->opt.run_ns = NEVER;
	while ((letter = getopt(argc, argv, "i:w:t:ljI:s:u:")) != -1)
		read_option(&p->opt, letter);
	if (argc - optind < 2)
		wrong_usage();
	const char *mode = argv[optind++];
	p->opt.arp = strcmp(mode, "arp") == 0;
	if (!p->opt.arp && strcmp(mode, "icmp") != 0)
		wrong_usage();
	if (p->opt.arp && (p->opt.interface == NULL || p->opt.spa.s_addr == 0))
		die(2, "arp needs -I INTERFACE and -s OWN-ADDRESS");
	p->targets = (size_t)(argc - optind);
	if (p->targets > MAX_TARGETS)
		die(2, "more than %d addresses", MAX_TARGETS);
	p->target = calloc(p->targets, sizeof(*p->target));
	if (p->target == NULL)
		die(1, "no memory left");
	for (size_t t = 0; t < p->targets; t++)
		p->target[t].ip = read_address(argv[(size_t)optind + t]);
}

/* A busy machine must not look like a lost probe. Without the right, do without. */
static void
hurry(void)
{
	struct sched_param first = { .sched_priority = 10 };

	(void)sched_setscheduler(0, SCHED_FIFO, &first);
	(void)prctl(PR_SET_TIMERSLACK, 1);
}

int
main(int argc, char **argv)
{
	static struct prober prober;
	struct sigaction action = { .sa_handler = stop };

	read_command_line(&prober, argc, argv);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	prober.began_ns = clock_ns(CLOCK_MONOTONIC);
	open_socket(&prober);
	hurry();
	run(&prober);
	if (prober.opt.json)
		print_json(&prober);
	else
		print_text(&prober);
	return 0;
}

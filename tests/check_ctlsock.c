/* SPDX-License-Identifier: BSD-2-Clause */
/* check_ctlsock.c - the control socket, and the clients that it must survive.
 *
 * One process plays both sides: ctlsock on a libev loop, clients as plain sockets. */
#include "ctlsock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum { PATIENCE_S = 30, LARGE = 400 * 1024, SLOTS = 8, RESERVED = 2, FOLLOWERS = 4 };
enum { PATIENCE_MS = PATIENCE_S * 1000, TRIES = 10 };
enum { READERS = 4001, ADMINS = 4002, STRANGER = 4003 };

static char directory[80];
static char path[100];
static char said[4000];
static struct ev_loop *loop;
static ev_timer pulse, bound;
static bool too_late;
static struct ctlsock *ctlsock;
static unsigned asked;
static unsigned long ticket; /* of the last request */

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

/* --- the daemon's side ------------------------------------------------------------ */

/* "large": LARGE bytes; "none": none; "later": when finish() is called; "follow": what is
 * published on channel 1; "who": what the client may; else an echo. */
static struct ctlsock_reply
answer(void *user, const struct ctlsock_asker *asker, const char *request)
{
	struct ctlsock_reply reply = { .then = CTLSOCK_END };

	ck_assert_ptr_eq(user, &asked);
	asked++;
	ticket = asker->ticket;
	if (strcmp(request, "later") == 0)
		reply.then = CTLSOCK_LATER;
	if (strcmp(request, "none") == 0 || reply.then == CTLSOCK_LATER)
		return reply;
	reply.text = malloc(LARGE);
	ck_assert_ptr_nonnull(reply.text);
	if (strcmp(request, "large") == 0) {
		memset(reply.text, 'x', LARGE);
		memcpy(reply.text, "ok\n", 3);
		reply.text[LARGE - 1] = '\n';
		reply.len = LARGE;
	} else if (strcmp(request, "follow") == 0) {
		reply.then = CTLSOCK_FOLLOW;
		reply.channel = 1;
		reply.len = (size_t)snprintf(reply.text, LARGE, "ok\n");
	} else if (strcmp(request, "who") == 0) {
		reply.len = (size_t)snprintf(
		    reply.text, LARGE, "%s\n", asker->may_steer ? "steer" : "ask");
	} else {
		reply.len = (size_t)snprintf(reply.text, LARGE, "ok\n<%s>\n", request);
	}
	return reply;
}

static void
on_pulse(struct ev_loop *on, ev_timer *watcher, int revents)
{
	(void)on, (void)watcher, (void)revents;
}

/* One turn of the loop, of 10 ms at most, and more where the machine is busy: a client
 * that holds it up holds it up for ever. */
static void
turn(void)
{
	long begin_ms = now_ms();

	ev_run(loop, EVRUN_ONCE);
	ck_assert_int_lt(now_ms() - begin_ms, PATIENCE_MS);
}

static void
on_limit(struct ev_loop *on, ev_timer *watcher, int revents)
{
	(void)on, (void)watcher, (void)revents;
	too_late = true;
}

/* From now on too_late tells whether SECONDS are over, by the clock of the loop: its
 * timers fire in the order of their times, however late it is, so that what has a shorter
 * time in this loop comes first on a busy machine too. */
static void
measure(double seconds)
{
	too_late = false;
	ev_timer_stop(loop, &bound);
	ev_timer_init(&bound, on_limit, seconds, 0.);
	ev_timer_start(loop, &bound);
}

static struct ctlsock *
open_at(const char *where)
{
	const struct ctlsock_rights rights = { READERS, ADMINS };

	/* Only root can give the socket to a group that it is not in. */
	return ctlsock_open(loop, where, geteuid() == 0 ? &rights : NULL, answer, &asked);
}

/* As open_at(); what it logs is in said[]. */
static struct ctlsock *
open_and_listen(const char *where)
{
	FILE *capture = tmpfile();
	int stderr_fd = dup(STDERR_FILENO);

	ck_assert(capture != NULL && stderr_fd >= 0);
	ck_assert_int_ge(dup2(fileno(capture), STDERR_FILENO), 0);
	struct ctlsock *opened = open_at(where);
	ck_assert_int_ge(dup2(stderr_fd, STDERR_FILENO), 0);
	close(stderr_fd);
	rewind(capture);
	said[fread(said, 1, sizeof(said) - 1, capture)] = '\0';
	fclose(capture);
	return opened;
}

static void
begin(void)
{
	strcpy(directory, "/tmp/check_ctlsock.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/control.sock", directory);
	loop = ev_loop_new(EVFLAG_AUTO);
	ck_assert_ptr_nonnull(loop);
	ev_timer_init(&pulse, on_pulse, 0.01, 0.01);
	ev_timer_start(loop, &pulse);
	asked = 0;
	ctlsock = open_at(path);
	ck_assert_ptr_nonnull(ctlsock);
}

static void
end(void)
{
	ctlsock_close(ctlsock);
	ctlsock_close(NULL);
	ev_timer_stop(loop, &pulse);
	ev_timer_stop(loop, &bound);
	ev_loop_destroy(loop);
	unlink(path);
	rmdir(directory);
}

/* --- the clients' side ------------------------------------------------------------ */

static struct sockaddr_un
address_of(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, where);
	return address;
}

static int
new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
connect_to(int fd)
{
	struct sockaddr_un address = address_of(path);

	ck_assert_int_eq(
	    connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)), 0);
}

static int
client(void)
{
	int fd = new_socket();

	connect_to(fd);
	return fd;
}

static void
tell(int fd, const char *text)
{
	ck_assert_int_eq(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Turn the loop until the stream of FD ends; how many bytes came, the first SIZE - 1 of
 * them in TEXT. */
static size_t
listen_to(int fd, char *text, size_t size)
{
	const long end_ms = now_ms() + PATIENCE_MS;
	static char bytes[LARGE];
	size_t len = 0, kept = 0;

	for (;;) {
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
		if (got < 0 && errno == EAGAIN) {
			ck_assert_int_lt(now_ms(), end_ms);
			turn();
			continue;
		}
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got && kept + 1 < size; i++)
			text[kept++] = bytes[i];
		len += (size_t)got;
	}
	text[kept] = '\0';
	close(fd);
	return len;
}

static void
check_served(void)
{
	int fd = client();
	char text[200];

	tell(fd, "status\n");
	ck_assert_uint_gt(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "ok\n<status>\n");
}

/* --- good clients ----------------------------------------------------------------- */

START_TEST(a_question_is_answered)
{
	check_served();
	ck_assert_uint_eq(asked, 1);
	check_served();
	ck_assert_uint_eq(asked, 2);
}
END_TEST

START_TEST(a_question_may_come_in_pieces)
{
	int fd = client();
	char text[200];

	for (const char *c = "status --json"; *c != '\0'; c++) {
		tell(fd, (const char[]){ *c, '\0' });
		turn();
	}
	ck_assert_uint_eq(asked, 0);
	tell(fd, "\n");
	ck_assert_uint_gt(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "ok\n<status --json>\n");
}
END_TEST

START_TEST(what_follows_the_question_is_left)
{
	int fd = client();
	char text[200];

	tell(fd, "status\nreload\n");
	ck_assert_uint_gt(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "ok\n<status>\n");
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(a_large_answer_is_whole)
{
	int fd = client(), slow = client();
	char text[200], *whole = malloc(LARGE + 1);

	ck_assert_ptr_nonnull(whole);
	tell(slow, "large\n");
	for (unsigned i = 0; i < 20; i++)
		turn(); /* it fills the socket's buffer, and waits */
	tell(fd, "large\n");
	ck_assert_uint_eq(listen_to(fd, text, sizeof(text)), LARGE);
	check_served();
	ck_assert_uint_eq(listen_to(slow, whole, LARGE + 1), LARGE);
	ck_assert_int_eq(whole[LARGE - 1], '\n');
	free(whole);
}
END_TEST

/* --- bad clients ------------------------------------------------------------------ */

START_TEST(a_silent_client_is_cut_off)
{
	const long begin_ms = now_ms();
	int fd = client();
	char text[200];

	turn();
	measure(5);
	check_served();
	ck_assert_uint_eq(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_int_ge(now_ms() - begin_ms, 1500);
	ck_assert(!too_late);
	ck_assert_uint_eq(asked, 1);
	check_served();
}
END_TEST

/* A byte now and then does not prolong it. */
START_TEST(a_dripping_client_is_cut_off)
{
	int fd = client();
	char byte;

	turn();
	measure(5);
	while (recv(fd, &byte, 1, 0) < 0) {
		ck_assert(!too_late);
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		for (unsigned i = 0; i < 10; i++)
			turn();
	}
	close(fd);
	ck_assert_uint_eq(asked, 0);
}
END_TEST

/* The other end has closed. */
static bool
is_cut_off(int fd)
{
	struct pollfd end_of = { .fd = fd };

	return poll(&end_of, 1, 0) == 1 && (end_of.revents & POLLHUP) != 0;
}

START_TEST(a_client_that_never_reads_is_cut_off)
{
	const long begin_ms = now_ms();
	int fd = client();

	tell(fd, "large\n");
	turn();
	measure(5);
	while (!is_cut_off(fd)) {
		ck_assert(!too_late);
		turn();
		if (now_ms() - begin_ms > 500 && asked == 1)
			check_served();
	}
	ck_assert_uint_eq(asked, 2);
	close(fd);
}
END_TEST

/* The kernel calls a socket writable when most of it has been read: what is slower than
 * that in two seconds is no progress. */
START_TEST(a_client_that_hardly_reads_is_cut_off)
{
	int fd = client(), size = 1;
	char some[4096];
	ssize_t got = 1;
	size_t len = 0;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	tell(fd, "large\n");
	turn();
	measure(13);
	while (!too_late) {
		for (unsigned i = 0; i < 20; i++)
			turn();
		got = recv(fd, some, sizeof(some), 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
		len += got > 0 ? (size_t)got : 0;
		if (is_cut_off(fd))
			break;
	}
	ck_assert_uint_lt(len, LARGE);
	ck_assert(!too_late);
	close(fd);
}
END_TEST

START_TEST(garbage_is_cut_off)
{
	const long end_ms = now_ms() + PATIENCE_MS;
	int fd = client();
	size_t sent = 0;
	char noise[1000];

	memset(noise, 0xa5, sizeof(noise));
	while (sent < 1000000) {
		ssize_t more = send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
		if (more < 0 && errno != EAGAIN)
			break;
		sent += more > 0 ? (size_t)more : 0;
		ck_assert_int_lt(now_ms(), end_ms);
		turn();
	}
	ck_assert_uint_lt(sent, 1000000);
	close(fd);
	check_served();
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(a_line_has_128_bytes_at_most)
{
	char line[140], text[200];

	for (unsigned len = 126; len <= 130; len++) {
		int fd = client();
		memset(line, 'q', len - 1);
		strcpy(line + len - 1, "\n"); /* LEN bytes with their end */
		tell(fd, line);
		size_t got = listen_to(fd, text, sizeof(text));
		ck_assert_uint_eq(got, len <= 128 ? len + 5 : 0);
	}
	ck_assert_uint_eq(asked, 3);
}
END_TEST

START_TEST(a_vanished_client_costs_nothing)
{
	for (unsigned i = 0; i < 3 * SLOTS; i++) {
		int fd = client();
		if (i % 3 > 0)
			tell(fd, i % 3 == 1 ? "large\n" : "half a ques");
		turn();
		close(fd);
		turn();
	}
	check_served();
}
END_TEST

START_TEST(no_answer_cuts_off)
{
	int fd = client();
	char text[200];

	tell(fd, "none\n");
	ck_assert_uint_eq(listen_to(fd, text, sizeof(text)), 0);
	check_served();
}
END_TEST

/* COUNT clients by CONNECT_ONE that say nothing, and what one more is told. Those who say
 * nothing are cut off after a while: where the machine is so busy that this has happened,
 * they have left room, and all is done again. */
static void
crowd(int fds[], unsigned count, int (*connect_one)(void), char *text, size_t size)
{
	for (unsigned tries = 0; tries < TRIES; tries++) {
		bool gone = false;
		for (unsigned i = 0; i < count; i++) {
			fds[i] = connect_one();
			turn();
		}
		ck_assert_uint_gt(listen_to(connect_one(), text, size), 0);
		for (unsigned i = 0; i < count; i++)
			gone = gone || is_cut_off(fds[i]);
		if (!gone)
			return;
		for (unsigned i = 0; i < count; i++)
			close(fds[i]);
		turn();
	}
	ck_abort_msg("they are cut off too soon");
}

START_TEST(a_ninth_client_is_told_to_wait)
{
	int fds[SLOTS];
	char text[200];

	crowd(fds, SLOTS, client, text, sizeof(text));
	ck_assert_int_eq(strncmp(text, "error ", 6), 0);
	close(fds[3]);
	turn();
	check_served();
	for (unsigned i = 0; i < SLOTS; i++)
		if (i != 3)
			close(fds[i]);
}
END_TEST

/* Out of descriptors, accept(2) fails while the client goes on waiting: the loop must not
 * spin on it, and must serve when there are some again. */
START_TEST(no_descriptors_do_not_spin)
{
	struct rlimit limit, none;
	int fd = new_socket();
	const long begin_ms = now_ms();
	const char *preload = getenv("LD_PRELOAD");
	unsigned turns = 0;
	char text[200];

	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		return; /* valgrind accepts first, and then says EMFILE */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)fd + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	connect_to(fd);
	tell(fd, "status\n");
	while (now_ms() - begin_ms < 300) {
		turn();
		turns++;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_lt(turns, 100); /* the pulse makes 30 */
	ck_assert_uint_eq(asked, 0);
	ck_assert_uint_gt(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "ok\n<status>\n");
}
END_TEST

/* --- replies that come later, or without end ---------------------------------------- */

START_TEST(a_reply_may_come_later)
{
	int fd = client();
	char text[200];

	tell(fd, "later\n");
	for (unsigned i = 0; i < 30; i++)
		turn();
	ck_assert_int_lt(recv(fd, text, sizeof(text), 0), 0);
	check_served();
	ctlsock_finish(ctlsock, ticket - 1, strdup("ok\ndone\n"), 8);
	ck_assert_uint_eq(listen_to(fd, text, sizeof(text)), 8);
	ck_assert_str_eq(text, "ok\ndone\n");
	check_served();
}
END_TEST

START_TEST(who_does_not_wait_for_it_costs_nothing)
{
	int fd = client();

	tell(fd, "later\n");
	turn();
	close(fd);
	turn();
	ctlsock_finish(ctlsock, ticket, strdup("ok\n"), 3);
	ctlsock_finish(ctlsock, ticket + 7, strdup("ok\n"), 3); /* never asked */
	check_served();
}
END_TEST

static int
follower(void)
{
	int fd = client();
	char head[3];

	tell(fd, "follow\n");
	for (unsigned i = 0; recv(fd, head, sizeof(head), MSG_PEEK) < 3; i++) {
		ck_assert_uint_lt(i, 100);
		turn();
	}
	ck_assert_int_eq(recv(fd, head, sizeof(head), 0), 3);
	return fd;
}

START_TEST(followers_are_sent_what_is_published)
{
	char text[200];

	ck_assert(!ctlsock_followed(ctlsock, 1));
	int one = follower(), other = follower();
	ck_assert(ctlsock_followed(ctlsock, 1));
	ck_assert(!ctlsock_followed(ctlsock, 2));
	ck_assert(!ctlsock_followed(NULL, 1));
	ctlsock_publish(ctlsock, 1, "first\n", 6);
	ctlsock_publish(ctlsock, 2, "elsewhere\n", 10);
	/* It stays longer than a client that has nothing to say. */
	for (const long end_ms = now_ms() + 2500; now_ms() < end_ms;)
		turn();
	ctlsock_publish(ctlsock, 1, "second\n", 7);
	close(other);
	turn();
	/* And what is not yet sent goes out before the end. */
	ctlsock_publish(ctlsock, 1, "last\n", 5);
	ctlsock_close(ctlsock);
	ctlsock = NULL;
	ck_assert_uint_eq(listen_to(one, text, sizeof(text)), 18);
	ck_assert_str_eq(text, "first\nsecond\nlast\n");
}
END_TEST

START_TEST(a_follower_that_never_reads_is_cut_off)
{
	static char line[1000];
	int idle = follower(), good = follower();
	size_t published = 0, heard = 0;
	ssize_t got;

	memset(line, 'l', sizeof(line));
	while (!is_cut_off(idle)) {
		ck_assert_uint_lt(published, 8 * 1024 * 1024);
		ctlsock_publish(ctlsock, 1, line, sizeof(line));
		published += sizeof(line);
		turn();
		while ((got = recv(good, said, sizeof(said), 0)) > 0)
			heard += (size_t)got;
	}
	for (unsigned i = 0; heard < published; i++) {
		ck_assert_uint_lt(i, 500);
		turn();
		while ((got = recv(good, said, sizeof(said), 0)) > 0)
			heard += (size_t)got;
	}
	ck_assert_uint_eq(heard, published);
	close(idle);
	close(good);
	check_served();
}
END_TEST

/* Thousands of events in one turn of the loop, as when a large cluster fails over. */
START_TEST(a_burst_reaches_a_follower_that_reads)
{
	enum { LINES = 1500 };
	static char got[LARGE];
	char line[400];
	int fd = follower();
	const long begin_ms = now_ms();
	size_t len = 0, whole = 0;

	for (unsigned i = 0; i < LINES; i++) {
		int size = snprintf(line, sizeof(line), "%06u%0290d\n", i, 0);
		ctlsock_publish(ctlsock, 1, line, (size_t)size);
		whole += (size_t)size;
	}
	ck_assert_int_lt(now_ms() - begin_ms, PATIENCE_MS);
	for (ssize_t more; len < whole; len += (size_t)more) {
		while ((more = recv(fd, got, sizeof(got), 0)) < 0) {
			ck_assert_int_lt(now_ms() - begin_ms, PATIENCE_MS);
			turn();
		}
		ck_assert_int_gt(more, 0);
		/* Each byte is where it belongs. */
		for (size_t i = 0; i < (size_t)more; i++) {
			size_t at = len + i;
			if (at % 297 == 296)
				ck_assert_int_eq(got[i], '\n');
			else if (at % 297 == 5)
				ck_assert_int_eq(got[i], (char)('0' + at / 297 % 10));
		}
	}
	close(fd);
	check_served();
}
END_TEST

START_TEST(followers_leave_room_for_others)
{
	int fds[FOLLOWERS];
	char text[200];

	for (unsigned i = 0; i < FOLLOWERS; i++)
		fds[i] = follower();
	int one_more = client();
	tell(one_more, "follow\n");
	ck_assert_uint_gt(listen_to(one_more, text, sizeof(text)), 0);
	ck_assert_int_eq(strncmp(text, "error ", 6), 0);
	check_served();
	tell(fds[0], "garbage"); /* has nothing to say */
	for (unsigned i = 0; !is_cut_off(fds[0]); i++) {
		ck_assert_uint_lt(i, 100);
		turn();
	}
	for (unsigned i = 0; i < FOLLOWERS; i++)
		close(fds[i]);
}
END_TEST

/* --- who may --------------------------------------------------------------------------
 */

/* A connection as somebody else: the kernel notes who connects. */
static int
client_as(uid_t uid, gid_t gid, gid_t also)
{
	int fd = new_socket();
	gid_t before[64];
	int groups = getgroups(64, before);

	ck_assert_int_ge(groups, 0);
	/* So that the file does not stop him: it is the daemon's own check that is
	 * tested. */
	ck_assert_int_eq(chmod(directory, 0755), 0);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(setgroups(1, &also), 0);
	ck_assert_int_eq(setegid(gid), 0);
	ck_assert_int_eq(seteuid(uid), 0);
	connect_to(fd);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(setgroups((size_t)groups, before), 0);
	return fd;
}

static bool
can_be_others(void)
{
	gid_t group = STRANGER, before[64];
	int groups = getgroups(64, before);

	/* In a user namespace of one user even root cannot. */
	if (geteuid() != 0 || groups < 0 || setgroups(1, &group) != 0)
		return false;
	return setgroups((size_t)groups, before) == 0;
}

static const struct {
	uid_t uid;
	gid_t gid, also;
	const char *told;
} people[] = {
	{ 0, STRANGER, STRANGER, "steer\n" },
	{ STRANGER, ADMINS, STRANGER, "steer\n" },
	{ STRANGER, STRANGER, ADMINS, "steer\n" },
	{ STRANGER, READERS, ADMINS, "steer\n" },
	{ STRANGER, READERS, STRANGER, "ask\n" },
	{ STRANGER, STRANGER, READERS, "ask\n" },
	{ STRANGER, STRANGER, STRANGER,
	    "denied you may not ask this daemon: be root, or of the group vlbd\n" },
};

START_TEST(the_kernel_vouches_for_clients)
{
	char text[200];

	int fd = client_as(people[_i].uid, people[_i].gid, people[_i].also);
	(void)send(fd, "who\n", 4, MSG_NOSIGNAL);
	ck_assert_uint_gt(listen_to(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, people[_i].told);
	ck_assert_uint_eq(asked, people[_i].told[0] == 'd' ? 0 : 1);
}
END_TEST

START_TEST(the_socket_belongs_to_the_readers)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	ck_assert_uint_eq(found.st_gid, READERS);
	ck_assert_uint_eq(found.st_mode & 07777, 0660);
}
END_TEST

static int
reader(void)
{
	return client_as(STRANGER, READERS, READERS);
}

/* Readers cannot fill all the slots: whoever may steer still gets through. */
START_TEST(readers_leave_room_for_those_who_steer)
{
	int fds[SLOTS - RESERVED];
	char text[200];

	crowd(fds, SLOTS - RESERVED, reader, text, sizeof(text));
	ck_assert_int_eq(strncmp(text, "error ", 6), 0);
	check_served();
	for (unsigned i = 0; i < SLOTS - RESERVED; i++)
		close(fds[i]);
}
END_TEST

/* --- the file --------------------------------------------------------------------- */

START_TEST(only_owner_and_group_may_ask)
{
	struct stat found;

	ck_assert_int_eq(lstat(path, &found), 0);
	ck_assert(S_ISSOCK(found.st_mode));
	ck_assert_uint_eq(found.st_mode & 07777, 0660);
	ctlsock_close(ctlsock);
	mode_t mask = umask(0);
	ctlsock = open_at(path);
	ck_assert_ptr_nonnull(ctlsock);
	ck_assert_int_eq(lstat(path, &found), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0660);
	ck_assert_uint_eq(umask(mask), 0); /* as it was */
}
END_TEST

START_TEST(closing_removes_it)
{
	int fd = client();

	turn();
	ctlsock_close(ctlsock); /* with a client in a slot */
	ctlsock = NULL;
	ck_assert_int_eq(access(path, F_OK), -1);
	close(fd);
}
END_TEST

START_TEST(a_killed_daemons_socket_is_replaced)
{
	struct sockaddr_un address = address_of(path);
	int fd = new_socket();

	ctlsock_close(ctlsock);
	ck_assert_int_eq(
	    bind(fd, (struct sockaddr *)(void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	close(fd);
	ck_assert_int_eq(access(path, F_OK), 0);
	ctlsock = open_at(path);
	ck_assert_ptr_nonnull(ctlsock);
	check_served();
}
END_TEST

START_TEST(a_living_daemon_is_left_alone)
{
	ck_assert_ptr_null(open_and_listen(path));
	ck_assert_ptr_nonnull(
	    strstr(said, "another program, perhaps another vlbd, has the socket"));
	ck_assert_ptr_nonnull(strstr(said, path));
	ck_assert_ptr_nonnull(strstr(said, "-s"));
	check_served();
}
END_TEST

/* One that is stopped, and whose queue is full, lives too. */
START_TEST(a_stopped_daemon_is_left_alone)
{
	struct sockaddr_un address;
	int fds[3], listener = new_socket();

	ctlsock_close(ctlsock);
	ctlsock = NULL;
	address = address_of(path);
	ck_assert_int_eq(
	    bind(listener, (struct sockaddr *)(void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	for (unsigned i = 0; i < 3; i++) {
		fds[i] = new_socket();
		(void)!connect(
		    fds[i], (struct sockaddr *)(void *)&address, sizeof(address));
	}
	ck_assert_ptr_null(open_and_listen(path));
	ck_assert_ptr_nonnull(
	    strstr(said, "another program, perhaps another vlbd, has the socket"));
	ck_assert_int_eq(access(path, F_OK), 0);
	for (unsigned i = 0; i < 3; i++)
		close(fds[i]);
	close(listener);
}
END_TEST

START_TEST(another_kind_of_file_stays)
{
	ctlsock_close(ctlsock);
	ctlsock = NULL;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_ptr_null(open_and_listen(path));
	ck_assert_ptr_nonnull(strstr(said, "no socket"));
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_missing_directory_is_told)
{
	char deep[200], inner[120];

	snprintf(inner, sizeof(inner), "%s/inner", directory);
	snprintf(deep, sizeof(deep), "%s/control.sock", inner);
	ck_assert_ptr_null(open_and_listen(deep));
	ck_assert_ptr_nonnull(strstr(said, deep));
	ck_assert_int_eq(access(inner, F_OK), -1);
}
END_TEST

/* It is gone with every boot. */
START_TEST(under_run_it_is_made)
{
	char where[] = "/run/check_ctlsock.XXXXXX", deep[64];
	struct stat found;

	if (mkdtemp(where) == NULL)
		return; /* we are not root */
	rmdir(where);
	snprintf(deep, sizeof(deep), "%s/control.sock", where);
	struct ctlsock *another = open_at(deep);
	ck_assert_ptr_nonnull(another);
	ck_assert_int_eq(stat(where, &found), 0);
	ctlsock_close(another);
	ck_assert_int_eq(rmdir(where), 0);
}
END_TEST

START_TEST(a_long_path_is_told)
{
	char where[300];

	/* One byte more than fits with its end. */
	int len = snprintf(where, sizeof(where), "%s/", directory);
	memset(where + len, 'p', (size_t)(108 - len));
	where[108] = '\0';
	ck_assert_ptr_null(open_and_listen(where));
	ck_assert_ptr_nonnull(strstr(said, "longer than the 107 bytes"));
	where[107] = '\0';
	struct ctlsock *longest = open_at(where);
	ck_assert_ptr_nonnull(longest);
	ctlsock_close(longest);
	ck_assert_int_eq(access(where, F_OK), -1);
}
END_TEST

static TCase *
client_case(void)
{
	TCase *tc = tcase_create("clients");

	tcase_set_timeout(tc, 4 * PATIENCE_S);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_question_is_answered);
	tcase_add_test(tc, a_question_may_come_in_pieces);
	tcase_add_test(tc, what_follows_the_question_is_left);
	tcase_add_test(tc, a_large_answer_is_whole);
	tcase_add_test(tc, a_silent_client_is_cut_off);
	tcase_add_test(tc, a_dripping_client_is_cut_off);
	tcase_add_test(tc, a_client_that_never_reads_is_cut_off);
	tcase_add_test(tc, a_client_that_hardly_reads_is_cut_off);
	tcase_add_test(tc, garbage_is_cut_off);
	tcase_add_test(tc, a_line_has_128_bytes_at_most);
	tcase_add_test(tc, a_vanished_client_costs_nothing);
	tcase_add_test(tc, no_answer_cuts_off);
	tcase_add_test(tc, a_ninth_client_is_told_to_wait);
	tcase_add_test(tc, no_descriptors_do_not_spin);
	return tc;
}

static TCase *
stream_case(void)
{
	TCase *tc = tcase_create("streams");

	tcase_set_timeout(tc, 4 * PATIENCE_S);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_reply_may_come_later);
	tcase_add_test(tc, who_does_not_wait_for_it_costs_nothing);
	tcase_add_test(tc, followers_are_sent_what_is_published);
	tcase_add_test(tc, a_follower_that_never_reads_is_cut_off);
	tcase_add_test(tc, a_burst_reaches_a_follower_that_reads);
	tcase_add_test(tc, followers_leave_room_for_others);
	return tc;
}

static TCase *
rights_case(void)
{
	TCase *tc = tcase_create("rights");

	tcase_set_timeout(tc, 4 * PATIENCE_S);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_loop_test(
	    tc, the_kernel_vouches_for_clients, 0, sizeof(people) / sizeof(people[0]));
	tcase_add_test(tc, the_socket_belongs_to_the_readers);
	tcase_add_test(tc, readers_leave_room_for_those_who_steer);
	return tc;
}

static TCase *
file_case(void)
{
	TCase *tc = tcase_create("file");

	tcase_set_timeout(tc, 4 * PATIENCE_S);
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, only_owner_and_group_may_ask);
	tcase_add_test(tc, closing_removes_it);
	tcase_add_test(tc, a_killed_daemons_socket_is_replaced);
	tcase_add_test(tc, a_living_daemon_is_left_alone);
	tcase_add_test(tc, a_stopped_daemon_is_left_alone);
	tcase_add_test(tc, another_kind_of_file_stays);
	tcase_add_test(tc, a_missing_directory_is_told);
	tcase_add_test(tc, under_run_it_is_made);
	tcase_add_test(tc, a_long_path_is_told);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("ctlsock");

	log_open(0);
	suite_add_tcase(suite, client_case());
	suite_add_tcase(suite, stream_case());
	if (can_be_others())
		suite_add_tcase(suite, rights_case());
	else
		puts("# who may what is not tested: we cannot be others here");
	suite_add_tcase(suite, file_case());
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT); /* the TAP carries the verdict */
	srunner_free(runner);
	return 0;
}

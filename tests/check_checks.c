/* SPDX-License-Identifier: BSD-2-Clause */
/* check_checks.c - connections and requests to a real socket, whose other end says what a
 * service would, or would not. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checks.h"
#include "log.h"

/* LONG_NS: for who answers in the end, however busy the machine. */
enum { PATIENCE_S = 60 };
#define LONG_NS (PATIENCE_S * SEC_NS)
#define SHORT_NS (300 * MS_NS)

static struct ev_loop *loop;
static struct checks *checks;
static struct runner *runner;
static struct conf *conf;
static int listener;
static uint16_t port;
static unsigned ended;
static bool passed;
static char why[200];

static void
done(void *user, unsigned index, bool good, const char *text)
{
	ck_assert_ptr_eq(user, &ended);
	ck_assert_uint_eq(index, 0);
	ended++;
	passed = good;
	snprintf(why, sizeof(why), "%s", text);
}

static void
set_up(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	log_open(0);
	runner = runner_open(false);
	loop = ev_loop_new(EVFLAG_AUTO);
	runner_watch(runner, loop);
	checks = checks_open(loop, runner, done, &ended);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(listener, 100), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	conf = calloc(1, sizeof(*conf));
	conf->servers = conf->checks = 1;
	strcpy(conf->server[0].name, "A");
	conf->check[0] = (struct conf_check){
		.name = "web",
		.timeout_ns = LONG_NS,
		.ip = ip_v4(INADDR_LOOPBACK),
		.port = port,
		.host = "www.example.org",
		.path = "/health?x",
		.expects = 2,
		.expect = { { 200, 299 }, { 418, 418 } },
	};
	ended = 0;
}

static void
tear_down(void)
{
	checks_close(checks);
	runner_close(runner);
	ev_loop_destroy(loop);
	close(listener);
	free(conf);
}

static void
on_patience(struct ev_loop *at, ev_timer *watcher, int revents)
{
	(void)at, (void)watcher, (void)revents;
	ck_abort_msg("no result within %d s", PATIENCE_S);
}

static void
await(void)
{
	ev_timer patience;

	ev_timer_init(&patience, on_patience, PATIENCE_S, 0.);
	ev_timer_start(loop, &patience);
	while (ended == 0)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &patience);
	ck_assert_uint_eq(ended, 1);
}

static void
run(enum conf_check_kind kind)
{
	conf->check[0].kind = kind;
	ended = 0;
	checks_run(checks, conf, 0, 0);
}

/* Whoever connected sent what is returned, and hears ANSWER, in two pieces. */
static const char *
serve(const char *answer, size_t first, bool close_it)
{
	static char request[2000];
	size_t len = 0;
	int fd = accept(listener, NULL, NULL);

	ck_assert_int_ge(fd, 0);
	while (len < 4 || memcmp(request + len - 4, "\r\n\r\n", 4) != 0) {
		ev_run(loop, EVRUN_NOWAIT);
		ssize_t got =
		    recv(fd, request + len, sizeof(request) - 1 - len, MSG_DONTWAIT);
		if (got > 0)
			len += (size_t)got;
		else
			ck_assert(got < 0 && errno == EAGAIN);
	}
	request[len] = '\0';
	if (first > 0) {
		ck_assert_int_eq(send(fd, answer, first, MSG_NOSIGNAL), (ssize_t)first);
		ev_run(loop, EVRUN_NOWAIT);
	}
	size_t rest = strlen(answer) - first;
	if (rest > 0)
		(void)!send(fd, answer + first, rest, MSG_NOSIGNAL);
	if (close_it)
		close(fd);
	return request;
}

START_TEST(a_port_that_listens_passes)
{
	run(CHECK_TCP);
	await();
	ck_assert_msg(passed, "%s", why);
}
END_TEST

/* Bound, so that nobody else can come to listen there meanwhile. */
START_TEST(a_port_that_does_not_fails)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int taken = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(taken, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(taken, (struct sockaddr *)&at, &len), 0);
	conf->check[0].port = ntohs(at.sin_port);
	for (int kind = CHECK_TCP; kind <= CHECK_HTTP; kind++) {
		run((enum conf_check_kind)kind);
		await();
		ck_assert(!passed);
		ck_assert_str_eq(why, "connection refused");
	}
	close(taken);
}
END_TEST

START_TEST(the_request_is_as_it_should_be)
{
	run(CHECK_HTTP);
	ck_assert_str_eq(serve("HTTP/1.1 204 No Content\r\n\r\n", 0, true),
	    "GET /health?x HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: "
	    "vlbd\r\nAccept: */*\r\nConnection: close\r\n\r\n");
	await();
	ck_assert_msg(passed, "%s", why);
}
END_TEST

static const struct {
	const char *answer;
	const char *why; /* "": it passes */
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody", "" },
	{ "HTTP/1.0 299\r\n\r\n", "" },
	{ "HTTP/1.1 418 I'm a teapot\n", "" },
	{ "HTTP/1.1 300 Many\r\n", "status 300" },
	{ "HTTP/1.1 503 Service Unavailable\r\n", "status 503" },
	{ "HTTP/1.1 2000 OK\r\n", "the answer is not HTTP" },
	{ "HTTP/1.1 20 OK\r\n", "the answer is not HTTP" },
	{ "HTTP/2.0 200 OK\r\n", "the answer is not HTTP" },
	{ "http/1.1 200 OK\r\n", "the answer is not HTTP" },
	{ "SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP" },
	{ "\n", "the answer is not HTTP" },
	{ "", "closed without an answer" },
	{ "HTTP/1.1 200 OK", "closed within the first line" },
	/* A line that never ends: the status stands at its beginning. */
	{ "HTTP/1.1 200 "
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxx"
	  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxx",
	    "" },
};

START_TEST(the_status_decides)
{
	size_t len = strlen(answers[_i].answer);

	/* Cut at every place, also within the status. */
	for (size_t first = 0; first <= len && first < 20; first++) {
		run(CHECK_HTTP);
		serve(answers[_i].answer, first, true);
		await();
		ck_assert_str_eq(why, answers[_i].why);
		ck_assert_int_eq(passed, answers[_i].why[0] == '\0');
	}
}
END_TEST

START_TEST(who_does_not_answer_is_given_up)
{
	conf->check[0].timeout_ns = SHORT_NS;
	run(CHECK_HTTP);
	int fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	(void)!send(fd, "HTTP/1.1 ", 9, MSG_NOSIGNAL);
	await();
	ck_assert(!passed);
	ck_assert_str_eq(why, "no answer within 300ms");
	close(fd);
}
END_TEST

/* A listener whose queue is full does not even take the connection. */
START_TEST(who_does_not_take_the_connection_is_given_up)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port) };
	int fd[20];

	listen(listener, 0);
	for (unsigned i = 0; i < 20; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(fd[i], (struct sockaddr *)&to, sizeof(to));
	}
	conf->check[0].timeout_ns = SHORT_NS;
	run(CHECK_TCP);
	await();
	ck_assert(!passed);
	ck_assert_str_eq(why, "no answer within 300ms");
	for (unsigned i = 0; i < 20; i++)
		close(fd[i]);
}
END_TEST

START_TEST(what_is_forgotten_is_not_heard_of)
{
	conf->check[0].timeout_ns = SHORT_NS;
	run(CHECK_HTTP);
	checks_forget(checks);
	usleep(400000);
	ev_run(loop, EVRUN_NOWAIT);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_uint_eq(ended, 0);
	conf->check[0].timeout_ns = LONG_NS;
	run(CHECK_TCP); /* and it can begin anew */
	await();
	ck_assert(passed);
}
END_TEST

static void
set_command(const char *script)
{
	struct conf_command *command = &conf->check[0].command;
	const char *const words[] = { "/bin/sh", "-c", script };
	char *at = command->text;

	for (unsigned i = 0; i < 3; i++)
		at += sprintf(at, "%s", words[i]) + 1;
	command->arguments = 3;
	command->timeout_ns = conf->check[0].timeout_ns;
	strcpy(command->user, geteuid() == 0 ? "nobody" : getpwuid(geteuid())->pw_name);
}

START_TEST(a_command_passes_by_its_exit_status)
{
	strcpy(conf->name, "lab");
	set_command("test $VLBD_CHECK = web && test $VLBD_SERVER = A && test "
		    "$VLBD_CLUSTER = lab");
	run(CHECK_COMMAND);
	await();
	ck_assert_msg(passed, "%s", why);
	set_command("exit 2");
	run(CHECK_COMMAND);
	await();
	ck_assert(!passed);
	ck_assert_str_eq(why, "exit status 2");
	conf->check[0].timeout_ns = SHORT_NS;
	set_command("sleep 1000");
	run(CHECK_COMMAND);
	await();
	ck_assert(!passed);
	ck_assert_str_eq(why, "still running after 0.3s; killed");
}
END_TEST

START_TEST(no_descriptor_is_left_open)
{
	int before = dup(listener);

	close(before);
	for (unsigned i = 0; i < 20; i++) {
		run(CHECK_TCP);
		await();
		run(CHECK_HTTP);
		checks_forget(checks);
	}
	int after = dup(listener);
	close(after);
	ck_assert_int_eq(before, after);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("checks");
	TCase *tc = tcase_create("services");
	SRunner *tests = srunner_create(suite);

	tcase_set_timeout(tc, 2 * PATIENCE_S);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_port_that_listens_passes);
	tcase_add_test(tc, a_port_that_does_not_fails);
	tcase_add_test(tc, the_request_is_as_it_should_be);
	tcase_add_loop_test(
	    tc, the_status_decides, 0, (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(tc, who_does_not_answer_is_given_up);
	tcase_add_test(tc, who_does_not_take_the_connection_is_given_up);
	tcase_add_test(tc, what_is_forgotten_is_not_heard_of);
	tcase_add_test(tc, a_command_passes_by_its_exit_status);
	tcase_add_test(tc, no_descriptor_is_left_open);
	suite_add_tcase(suite, tc);
	srunner_set_tap(tests, "-");
	srunner_run_all(tests, CK_SILENT);
	srunner_free(tests);
	return 0;
}

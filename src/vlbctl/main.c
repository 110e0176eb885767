/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vlbctl: carry one question to a running vlbd and its answer back.
 *
 * The daemon writes both the tables and the JSON; this program knows neither. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 2

enum { PATIENCE_MS = 3000, RELOAD_MS = 32000, CHUNK = 64 * 1024, HEAD = 1024 };

static const char out_of_patience[] = "vlbctl: the daemon does not answer in time\n";

static const struct command {
	const char *name;
	bool json;
	const char *help;
} commands[] = {
	{ "status", true, "how this server, its peers and all addresses are" },
	{ "addresses", true, "who serves which address" },
	{ "peers", true, "how the other servers are" },
	{ "drain", false, "hand everything over and stay away" },
	{ "resume", false, "take part again; end a failback delay" },
	{ "reload", false, "read the configuration again" },
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
help(void)
{
	puts(
	    "usage: vlbctl [-s SOCKET] COMMAND [--json]\n"
	    "\n"
	    "Ask or steer a running vlbd.\n"
	    "\n"
	    "  -s, --socket SOCKET  its control socket (default /run/vlbd/control.sock)\n"
	    "  -j, --json           answer in JSON\n"
	    "  -V, --version        print the version\n"
	    "  -h, --help           print this\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("  %-10s %s%s\n", commands[i].name, commands[i].help,
		    commands[i].json ? " [--json]" : "");
	puts("\nExit status: 0 done, 1 the daemon refused or does not answer, 2 usage.");
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters are wrong, missing or too many in WORD (Levenshtein's distance). */
static unsigned
distance(const char *word, const char *name)
{
	enum { LONGEST = 32 };
	unsigned row[LONGEST + 1];
	size_t len = strlen(name);

	for (unsigned n = 0; n <= len; n++)
		row[n] = n;
	for (unsigned w = 1; word[w - 1] != '\0'; w++) {
		unsigned corner = row[0];
		row[0] = w;
		for (size_t n = 1; n <= len; n++) {
			unsigned wrong = corner + (word[w - 1] != name[n - 1]);
			corner = row[n];
			row[n] = least(wrong, least(row[n], row[n - 1]) + 1);
		}
	}
	return row[len];
}

static const struct command *
find_command(const char *name)
{
	const struct command *near = NULL;
	unsigned best = 4; /* further away is no slip of the fingers */

	for (unsigned i = 0; i < COMMANDS; i++) {
		unsigned away = distance(name, commands[i].name);
		if (away == 0)
			return &commands[i];
		if (away < best) {
			near = &commands[i];
			best = away;
		}
	}
	fprintf(stderr, "vlbctl: there is no command `%s'", name);
	if (near != NULL)
		fprintf(stderr, "; did you mean `%s'?", near->name);
	else
		fputc(';', stderr);
	fputs(" `vlbctl --help' lists them\n", stderr);
	return NULL;
}

static long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	/* A daemon that is stopped may have a full queue: connect(2) waits for a place.
	 */
	const struct timeval patience = { PATIENCE_MS / 1000, 0 };

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(
		    stderr, "vlbctl: %s is longer than a socket's path may be\n", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)(void *)&address, sizeof(address)) == 0)
		return fd;
	if (errno == EACCES || errno == EPERM)
		fprintf(stderr,
		    "vlbctl: you may not use %s: be root, or of the socket's group\n",
		    path);
	else if (errno == ENOENT || errno == ECONNREFUSED)
		fprintf(stderr,
		    "vlbctl: no daemon answers at %s: is vlbd running there? "
		    "(systemctl status vlbd; -s takes another socket)\n",
		    path);
	else if (errno == EAGAIN)
		fputs(out_of_patience, stderr);
	else
		fprintf(stderr, "vlbctl: cannot reach %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Read to the end of the stream, into one buffer. NULL: it broke off; the reason is told.
 */
static char *
read_reply(int fd, long end_ms, size_t *len)
{
	size_t size = CHUNK;
	char *reply = malloc(size + 1);

	if (reply == NULL)
		fputs("vlbctl: out of memory\n", stderr);
	*len = 0;
	while (reply != NULL) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		long left_ms = end_ms - now_ms();
		if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0) {
			fputs(out_of_patience, stderr);
			break;
		}
		ssize_t got = read(fd, reply + *len, size - *len);
		/* ECONNRESET is an end too: it left before it had read our question. */
		if (got == 0 || (got < 0 && errno == ECONNRESET && *len > 0)) {
			reply[*len] = '\0';
			return reply;
		}
		if (got < 0 && errno != EINTR) {
			fprintf(stderr, "vlbctl: the daemon broke off: %s\n",
			    strerror(errno));
			break;
		}
		*len += got > 0 ? (size_t)got : 0;
		if (*len == size) {
			char *more = realloc(reply, 2 * size + 1);
			if (more == NULL) {
				fputs("vlbctl: out of memory\n", stderr);
				break;
			}
			reply = more;
			size *= 2;
		}
	}
	free(reply);
	return NULL;
}

static int
show(char *reply, size_t len)
{
	char *rest = strchr(reply, '\n');

	/* Every answer ends with a line's end. */
	if (rest == NULL || reply[len - 1] != '\n') {
		fputs("vlbctl: the daemon went away before it had answered\n", stderr);
		return EXIT_FAILURE;
	}
	*rest++ = '\0';
	if (strncmp(reply, "denied ", 7) == 0) {
		fprintf(stderr, "vlbctl: %s\n", reply + 7);
		return EXIT_FAILURE;
	}
	if (strncmp(reply, "error ", 6) == 0) {
		fprintf(stderr, "vlbctl: %s\n", reply + 6);
		return EXIT_FAILURE;
	}
	if (strcmp(reply, "ok") != 0) {
		fputs("vlbctl: this is no answer of vlbd's; is the socket right?\n",
		    stderr);
		return EXIT_FAILURE;
	}
	len -= (size_t)(rest - reply);
	/* EPIPE: head(1) has seen enough. */
	if ((fwrite(rest, 1, len, stdout) == len && fflush(stdout) == 0) ||
	    errno == EPIPE)
		return EXIT_SUCCESS;
	fprintf(stderr, "vlbctl: cannot write the answer: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static int
ask(const char *path, const struct command *command, bool json)
{
	char request[HEAD], *reply;
	int status = EXIT_FAILURE;
	bool slow = strcmp(command->name, "reload") == 0; /* it may make a plan */
	const long end_ms = now_ms() + (slow ? RELOAD_MS : PATIENCE_MS);
	size_t len;

	int fd = connect_to(path);
	if (fd < 0)
		return EXIT_FAILURE;
	int size = snprintf(
	    request, sizeof(request), "%s%s\n", command->name, json ? " --json" : "");
	/* EPIPE: it may have said why it does not listen. */
	if (write(fd, request, (size_t)size) != size && errno != EPIPE) {
		fprintf(
		    stderr, "vlbctl: the daemon does not listen: %s\n", strerror(errno));
	} else if ((reply = read_reply(fd, end_ms, &len)) != NULL) {
		status = show(reply, len);
		free(reply);
	}
	close(fd);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = "/run/vlbd/control.sock";
	bool json = false;
	int option;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "s:jVh", names, NULL)) != -1) {
		switch (option) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			printf("vlbctl %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			help();
			return EXIT_SUCCESS;
		default:
			fputs("try `vlbctl --help'\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		fputs(optind == argc ? "vlbctl: which command? "
				     : "vlbctl: one command at a time; ",
		    stderr);
		fputs("`vlbctl --help' lists them\n", stderr);
		return EXIT_USAGE;
	}
	const struct command *command = find_command(argv[optind]);
	if (command == NULL)
		return EXIT_USAGE;
	if (json && !command->json) {
		fprintf(
		    stderr, "vlbctl: %s has no answer to write in JSON\n", command->name);
		return EXIT_USAGE;
	}
	return ask(path, command, json);
}

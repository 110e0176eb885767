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

enum { PATIENCE_MS = 3000, CHUNK = 64 * 1024, HEAD = 1024 };

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

static const struct command *
find_command(const char *name)
{
	const struct command *near = NULL;

	for (unsigned i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		if (near == NULL && commands[i].name[0] == name[0])
			near = &commands[i];
	}
	fprintf(stderr, "vlbctl: there is no command `%s'", name);
	if (near != NULL)
		fprintf(stderr, "; did you mean `%s'?", near->name);
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

	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(
		    stderr, "vlbctl: %s is longer than a socket's path may be\n", path);
		return -1;
	}
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
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
	else
		fprintf(stderr, "vlbctl: cannot reach %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Read to the end of the stream, into one buffer. NULL: it broke off; the reason is told.
 */
static char *
read_reply(int fd, size_t *len)
{
	long end_ms = now_ms() + PATIENCE_MS;
	size_t size = CHUNK;
	char *reply = malloc(size + 1);

	*len = 0;
	while (reply != NULL) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		long left_ms = end_ms - now_ms();
		if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0) {
			fputs("vlbctl: the daemon does not answer in time\n", stderr);
			break;
		}
		ssize_t got = read(fd, reply + *len, size - *len);
		if (got == 0) {
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
			size *= 2;
			char *more = realloc(reply, size + 1);
			if (more == NULL)
				break;
			reply = more;
		}
	}
	free(reply);
	return NULL;
}

static int
show(char *reply)
{
	char *rest = strchr(reply, '\n');

	if (rest == NULL) {
		fputs("vlbctl: the daemon went away before it had answered\n", stderr);
		return EXIT_FAILURE;
	}
	*rest++ = '\0';
	if (strncmp(reply, "error ", 6) == 0) {
		fprintf(stderr, "vlbctl: %s\n", reply + 6);
		return EXIT_FAILURE;
	}
	if (strcmp(reply, "ok") != 0) {
		fputs("vlbctl: this is no answer of vlbd's; is the socket right?\n",
		    stderr);
		return EXIT_FAILURE;
	}
	fputs(rest, stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
ask(const char *path, const struct command *command, bool json)
{
	char request[HEAD], *reply;
	int status = EXIT_FAILURE;
	size_t len;

	int fd = connect_to(path);
	if (fd < 0)
		return EXIT_FAILURE;
	int size = snprintf(
	    request, sizeof(request), "%s%s\n", command->name, json ? " --json" : "");
	if (write(fd, request, (size_t)size) != size) {
		fprintf(
		    stderr, "vlbctl: the daemon does not listen: %s\n", strerror(errno));
	} else if ((reply = read_reply(fd, &len)) != NULL) {
		status = show(reply);
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

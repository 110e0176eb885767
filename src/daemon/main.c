/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vlbd's options, start-up order and exit statuses; nothing else. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "host.h"
#include "load.h"
#include "log.h"
#include "netlink.h"
#include "shell.h"

struct options {
	const char *file;
	const char *name;
	const char *interface;
	const char *socket;
	const char *user;
	const char *state;
	bool test;
	int verbose;
};

static const char help[] =
    "usage: vlbd -c FILE [-n NAME] [-i IFACE] [-s SOCKET] [-S DIR] [-u USER] [-t] "
    "[-v]... "
    "[-V] [-h]\n"
    "\n"
    "The virtual load balancer daemon: serves failover addresses with its peers.\n"
    "\n"
    "  -c, --config FILE     the configuration, the same on every server (vlb.ini(5))\n"
    "  -n, --name NAME       this server's name in it; else the host's name, else by "
    "MAC\n"
    "  -i, --interface IFACE the interface, instead of the file's\n"
    "  -s, --socket SOCKET   the control socket (default /run/vlbd/control.sock)\n"
    "  -u, --user USER       whom to become once started (default " DEFAULT_USER ", if "
    "there is one)\n"
    "  -S, --state DIR       where a drain is kept that survives a restart (default\n"
    "                        /var/lib/vlbd)\n"
    "  -t, --test            check the file and this host, say what is wrong, and exit\n"
    "  -v, --verbose         log more\n"
    "  -V, --version         print the version\n"
    "  -h, --help            print this\n"
    "\n"
    "SIGTERM hands over and exits (a second one: at once), SIGUSR2 leaves everything to "
    "a\n"
    "successor and exits, SIGHUP reads the file again.\n"
    "Exit status: 0 ok, 1 run-time failure, 2 usage, 75 left to a successor, 77 host "
    "not\n"
    "ready, 78 file wrong.\n";

/* True: go on. False: leave with *STATUS. */
static bool
parse_options(int argc, char **argv, struct options *options, int *status)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "name", required_argument, NULL, 'n' },
		{ "interface", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, 's' },
		{ "user", required_argument, NULL, 'u' },
		{ "state", required_argument, NULL, 'S' },
		{ "test", no_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	*status = EXIT_USAGE;
	while (
	    (option = getopt_long(argc, argv, "c:n:i:s:S:u:tvVh", names, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->file = optarg;
			break;
		case 'n':
			options->name = optarg;
			break;
		case 'i':
			options->interface = optarg;
			break;
		case 's':
			options->socket = optarg;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'S':
			options->state = optarg;
			break;
		case 't':
			options->test = true;
			break;
		case 'v':
			options->verbose++;
			break;
		case 'V':
			printf("vlbd %s\n", PACKAGE_VERSION);
			*status = EXIT_SUCCESS;
			return false;
		case 'h':
			fputs(help, stdout);
			*status = EXIT_SUCCESS;
			return false;
		default:
			fputs("try `vlbd --help'\n", stderr);
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vlbd: `%s' is not an option; try `vlbd --help'\n",
		    argv[optind]);
		return false;
	}
	if (options->file == NULL) {
		fputs("vlbd: which file? write `vlbd -c /etc/vlb.ini'\n", stderr);
		return false;
	}
	return true;
}

static int
find_interface(const struct options *options, struct conf *conf)
{
	if (options->interface != NULL) {
		if (strlen(options->interface) >= sizeof(conf->interface)) {
			fprintf(stderr, "vlbd: no interface has so long a name: %s\n",
			    options->interface);
			return EXIT_USAGE;
		}
		strcpy(conf->interface, options->interface);
	}
	if (conf->interface[0] == '\0') {
		fprintf(stderr,
		    "%s: no interface; write `interface = eth1' into [cluster], or use "
		    "-i\n",
		    options->file);
		return EXIT_FILE_WRONG;
	}
	return 0;
}

static int
find_host(
    const struct options *options, const struct conf *conf, struct shell_setup *setup)
{
	if (netlink_get_link(setup->netlink, conf->interface, &setup->link) != 0) {
		if (errno == ENODEV)
			log_errx("no interface %s on this host; `ip link' lists those "
				 "there are",
			    conf->interface);
		else
			log_err("cannot ask the kernel about %s", conf->interface);
		return EXIT_NOT_READY;
	}
	int self = host_self(conf, options->name, &setup->link.mac);
	if (self == CONF_NONE)
		return EXIT_FILE_WRONG;
	setup->self = (unsigned)self;
	if (conf_server_by_mac(conf, &setup->link.mac) != self) {
		char mac[MAC_TEXT];
		log_errx("%s has the hardware address %s, which is not one of server "
			 "%s's; add it "
			 "to `mac =' in [server %s], or use -n",
		    conf->interface, mac_format(&setup->link.mac, mac),
		    conf->server[self].name, conf->server[self].name);
		return EXIT_NOT_READY;
	}
	return 0;
}

static int
test(const struct options *options, const struct shell_setup *setup)
{
	unsigned wrong =
	    host_check(setup->netlink, &setup->link, setup->conf, setup->self);

	if (!privileges_may_read(&setup->privileges, options->file)) {
		printf(
		    "wrong:   %s, as whom the daemon runs, cannot read %s; chmod it 644, "
		    "or 640 and chgrp it to that user's group\n",
		    setup->privileges.user, options->file);
		wrong++;
	}
	if (wrong == 0) {
		printf("%s and this host are right\n", options->file);
		return EXIT_SUCCESS;
	}
	return EXIT_NOT_READY;
}

int
main(int argc, char **argv)
{
	struct options options = {
		.socket = "/run/vlbd/control.sock",
		.state = "/var/lib/vlbd",
	};
	struct shell_setup setup = { 0 };
	struct manager manager;
	int status;

	if (!parse_options(argc, argv, &options, &status))
		return status;
	log_open(options.verbose);
	signal(SIGPIPE, SIG_IGN);
	manager_open(&manager);

	setup.file = options.file;
	setup.interface = options.interface;
	setup.socket = options.socket;
	setup.manager = &manager;
	setup.state = options.state;
	setup.version = PACKAGE_VERSION;
	setup.conf = malloc(sizeof(*setup.conf));
	if (setup.conf == NULL) {
		log_err("out of memory");
		return EXIT_FAILURE;
	}
	status = EXIT_FILE_WRONG;
	if (load_file(options.file, setup.conf) != 0)
		goto out;
	status = find_interface(&options, setup.conf);
	if (status != 0)
		goto out;
	status = EXIT_NOT_READY;
	if (privileges_find(&setup.privileges, options.user) != 0)
		goto out;
	setup.netlink = netlink_open();
	if (setup.netlink == NULL)
		goto out;
	status = find_host(&options, setup.conf, &setup);
	if (status != 0)
		goto out;
	if (options.test) {
		status = test(&options, &setup);
		goto out;
	}
	status = shell_run(&setup);
	setup.conf = NULL;
out:
	netlink_close(setup.netlink);
	manager_close(&manager);
	free(setup.conf);
	return status;
}

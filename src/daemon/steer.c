/* SPDX-License-Identifier: BSD-2-Clause */
/* steer.c - what people ask of a running daemon: questions, drain, resume, reload. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader.h"
#include "shell_internal.h"

enum { STEER_WAITING = 16, STEER_ROOM = 16 * 1024 };

/* Who waits for a reload. */
struct waiting {
	unsigned count;
	unsigned long ticket[STEER_WAITING];
	struct ctl_request request[STEER_WAITING];
};

struct steer {
	struct reader *reader;
	bool again; /* asked for while the file was being read: it may have changed since
		     */
	struct waiting now, next;
	size_t last[CTL_COMMANDS]; /* bytes of the last answer */
};

/* Another name of the interface that the daemon has, be it a new one. */
static bool
is_same_interface(const struct shell *shell, const char *name)
{
	struct netlink_link link;

	return netlink_get_link(shell->netlink, name, &link) == 0 &&
	       link.ifindex == shell->link.ifindex;
}

/* Is it something that a running daemon can become? */
static bool
may_become(const struct shell *shell, struct conf *conf, int *server)
{
	const char *name = shell->conf->server[engine_self(shell->engine)->server].name;

	if (shell->setup.interface != NULL)
		strcpy(conf->interface, shell->conf->interface);
	if (strcmp(conf->interface, shell->conf->interface) != 0 &&
	    !is_same_interface(shell, conf->interface)) {
		log_errx("%s: the interface was %s and is now %s; that takes a restart",
		    shell->setup.file, shell->conf->interface, conf->interface);
		return false;
	}
	*server = conf_server_by_name(conf, name);
	if (*server == CONF_NONE)
		log_errx("%s: this server, %s, is no longer in it; to take it out of "
			 "service, stop "
			 "the daemon",
		    shell->setup.file, name);
	return *server != CONF_NONE;
}

/* Go on under CONF, or as before. */
static bool
become(struct shell *shell, struct conf *conf)
{
	void *memory = NULL;
	int server = CONF_NONE;
	uint32_t owner;

	if (conf == NULL || !may_become(shell, conf, &server))
		goto bad;
	memory = malloc(engine_reload_size(conf, shell->engine));
	if (memory == NULL || !shell_instance(shell, conf, &owner))
		goto bad;
	tend_forget(shell);
	struct engine_self self = follow_self(shell, conf, (unsigned)server);
	shell->engine = engine_reload(memory, conf, &self, shell->engine, shell_now_ns());
	free(shell->memory);
	free(shell->conf);
	shell->memory = memory;
	shell->conf = conf;
	herald_reload(shell);
	keep_reload(shell);
	textfile_begin(shell);
	chronicle_reload(shell, true);
	hostwatch_reload(shell, owner);
	follow_find(shell);
	perform(shell);
	return true;
bad:
	free(memory);
	free(conf);
	chronicle_reload(shell, false);
	return false;
}

__attribute__((format(printf, 1, 2))) static struct ctlsock_reply
reply_text(const char *format, ...)
{
	struct ctlsock_reply reply = { .then = CTLSOCK_END };
	va_list args;

	va_start(args, format);
	int written = vasprintf(&reply.text, format, args);
	va_end(args);
	if (written < 0)
		reply.text = NULL;
	else
		reply.len = (size_t)written;
	return reply;
}

/* "ok", and the answer. It is about as long as last time, so that it need not be written
 * twice, once to be measured: large clusters have large answers. */
static struct ctlsock_reply
reply_answer(const struct shell *shell, const struct ctl_request *request)
{
	static const char ok[] = "ok\n";
	const size_t head = sizeof(ok) - 1;
	size_t *last = &shell->steer->last[request->command];
	const struct ctl_scene scene = chronicle_scene(shell);
	struct ctlsock_reply reply = { .text = NULL };

	for (size_t size = *last + STEER_ROOM;; size = *last + STEER_ROOM) {
		reply.text = malloc(head + size);
		if (reply.text == NULL)
			return reply;
		*last = ctl_answer(&scene, request, reply.text + head, size);
		if (*last < size)
			break;
		free(reply.text);
	}
	memcpy(reply.text, ok, head);
	reply.len = head + *last;
	if (request->follow) {
		reply.then = CTLSOCK_FOLLOW;
		reply.channel = request->json ? CHRONICLE_JSON : CHRONICLE_TEXT;
	}
	return reply;
}

static struct ctlsock_reply
reply_reloaded(const struct shell *shell, const struct ctl_request *request, bool good)
{
	if (good)
		return reply_answer(shell, request);
	return reply_text(
	    "error not reloaded, everything goes on as before; the daemon's log "
	    "says what is wrong in %s\n",
	    shell->setup.file);
}

static void
tell_waiting(struct shell *shell, bool good)
{
	struct steer *steer = shell->steer;

	for (unsigned i = 0; i < steer->now.count; i++) {
		struct ctlsock_reply reply =
		    reply_reloaded(shell, &steer->now.request[i], good);
		ctlsock_finish(
		    shell->ctlsock, steer->now.ticket[i], reply.text, reply.len);
	}
	steer->now = steer->next;
	steer->next.count = 0;
	pulse_ready(shell);
}

/* False: it could not begin (logged). */
static bool
begin_reading(struct shell *shell)
{
	if (!reader_start(shell->steer->reader)) {
		become(shell, NULL);
		return false;
	}
	manager_reloading(shell->manager);
	return true;
}

static void
have_read(void *user, struct conf *conf)
{
	struct shell *shell = user;
	struct steer *steer = shell->steer;

	tell_waiting(shell, become(shell, conf));
	if (!steer->again)
		return;
	steer->again = false;
	if (!begin_reading(shell))
		tell_waiting(shell, false);
}

void
steer_reload(struct shell *shell)
{
	if (reader_busy(shell->steer->reader))
		shell->steer->again = true;
	else
		begin_reading(shell);
}

static struct ctlsock_reply
reload(struct shell *shell, const struct ctl_request *request, unsigned long ticket)
{
	struct steer *steer = shell->steer;
	bool busy = reader_busy(steer->reader);
	struct waiting *waiting = busy ? &steer->next : &steer->now;

	if (waiting->count == STEER_WAITING)
		return reply_text("error too many wait for a reload already\n");
	if (busy)
		steer->again = true;
	else if (!begin_reading(shell))
		return reply_reloaded(shell, request, false);
	waiting->request[waiting->count] = *request;
	waiting->ticket[waiting->count++] = ticket;
	return (struct ctlsock_reply){ .then = CTLSOCK_LATER };
}

int
steer_open(struct shell *shell)
{
	shell->steer = calloc(1, sizeof(*shell->steer));
	if (shell->steer == NULL) {
		log_err("out of memory");
		return -1;
	}
	shell->steer->reader =
	    reader_open(shell->loop, shell->setup.file, have_read, shell);
	return shell->steer->reader != NULL ? 0 : -1;
}

void
steer_close(struct shell *shell)
{
	if (shell->steer != NULL)
		reader_close(shell->steer->reader);
	free(shell->steer);
	shell->steer = NULL;
}

void
steer_perform(struct shell *shell, const struct ctl_request *request)
{
	bool drain = request->command == CTL_DRAIN;

	chronicle_note(shell, drain ? "drain" : "resume", REPORT_INFO, "told to %s%s",
	    drain ? "drain" : "resume",
	    drain && shell->keep.drained ? ", also after a restart" : "");
	engine_admin(shell->engine, drain ? ADMIN_DRAIN : ADMIN_RESUME, shell_now_ns());
	perform(shell);
}

void
steer_finish(struct shell *shell, unsigned long ticket, const struct ctl_request *request)
{
	struct ctlsock_reply reply = reply_answer(shell, request);

	ctlsock_finish(shell->ctlsock, ticket, reply.text, reply.len);
}

/* What has to do with the disk is answered when the disk has answered. */
static struct ctlsock_reply
drain_or_resume(
    struct shell *shell, const struct ctl_request *request, unsigned long ticket)
{
	if (request->command == CTL_DRAIN ? request->persist : shell->keep.drained) {
		const char *wrong = keep_steer(shell, request, ticket);
		if (wrong != NULL)
			return reply_text("error %s\n", wrong);
		return (struct ctlsock_reply){ .then = CTLSOCK_LATER };
	}
	steer_perform(shell, request);
	return reply_answer(shell, request);
}

struct ctlsock_reply
steer_answer(void *user, const struct ctlsock_asker *asker, const char *line)
{
	struct shell *shell = user;
	struct ctl_request request;
	char error[240];

	if (!ctl_parse(line, shell->setup.version, &request, error, sizeof(error)))
		return reply_text("%s\n", error);
	if (ctl_steers(request.command) && !asker->may_steer)
		return reply_text(
		    "denied you may ask this daemon but not steer it: be root, "
		    "or of the group %s\n",
		    CTLSOCK_ADMINS);
	if (request.command == CTL_DRAIN || request.command == CTL_RESUME)
		return drain_or_resume(shell, &request, asker->ticket);
	if (request.command == CTL_RELOAD)
		return reload(shell, &request, asker->ticket);
	return reply_answer(shell, &request);
}

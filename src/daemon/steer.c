/* SPDX-License-Identifier: BSD-2-Clause */
/* steer.c - what people ask of a running daemon: questions, drain, resume, reload. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"
#include "shell_internal.h"
#include "vlbd/ctl.h"

/* Is it something that a running daemon can become? */
static bool
may_become(const struct shell *shell, struct conf *conf, int *server)
{
	const char *name = shell->conf->server[engine_self(shell->engine)->server].name;

	if (shell->setup.interface != NULL)
		strcpy(conf->interface, shell->conf->interface);
	if (strcmp(conf->interface, shell->conf->interface) != 0) {
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

bool
steer_reload(struct shell *shell)
{
	struct conf *conf = malloc(sizeof(*conf));
	void *memory = NULL;
	int server = CONF_NONE;

	if (conf == NULL || load_file(shell->setup.file, conf) != 0 ||
	    !may_become(shell, conf, &server))
		goto bad;
	memory = malloc(engine_size(conf));
	if (memory == NULL)
		goto bad;
	struct engine_self self = follow_self(shell, conf, (unsigned)server);
	shell->engine = engine_reload(memory, conf, &self, shell->engine, shell_now_ns());
	free(shell->memory);
	free(shell->conf);
	shell->memory = memory;
	shell->conf = conf;
	follow_ranges(shell, conf);
	log_info("%s: reloaded", shell->setup.file);
	perform(shell);
	return true;
bad:
	free(conf);
	log_errx("%s: not reloaded; everything goes on as before", shell->setup.file);
	return false;
}

__attribute__((format(printf, 2, 3))) static char *
reply_text(size_t *len, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int written = vasprintf(&text, format, args);
	va_end(args);
	if (written < 0)
		return NULL;
	*len = (size_t)written;
	return text;
}

static char *
reply_question(const struct shell *shell, const struct ctl_request *request, size_t *len)
{
	static const char ok[] = "ok\n";
	const size_t head = sizeof(ok) - 1;
	uint64_t at_ns = shell_now_ns();
	size_t size = ctl_answer(shell->engine, request, at_ns, NULL, 0) + 1;
	char *text = malloc(head + size);

	if (text == NULL)
		return NULL;
	memcpy(text, ok, head);
	*len = head + ctl_answer(shell->engine, request, at_ns, text + head, size);
	return text;
}

char *
steer_answer(void *user, const char *line, size_t *len)
{
	struct shell *shell = user;
	struct ctl_request request;
	char error[160];

	if (!ctl_parse(line, &request, error, sizeof(error)))
		return reply_text(len, "error %s\n", error);
	switch (request.command) {
	case CTL_DRAIN:
		engine_admin(shell->engine, ADMIN_DRAIN, shell_now_ns());
		break;
	case CTL_RESUME:
		engine_admin(shell->engine, ADMIN_RESUME, shell_now_ns());
		break;
	case CTL_RELOAD:
		if (!steer_reload(shell))
			return reply_text(len,
			    "error not reloaded, everything goes on as before; the "
			    "daemon's log "
			    "says what is wrong in %s\n",
			    shell->setup.file);
		break;
	case CTL_STATUS:
	case CTL_ADDRESSES:
	case CTL_PEERS:
	case CTL_COMMANDS:
	default:
		return reply_question(shell, &request, len);
	}
	perform(shell);
	return reply_text(len, "ok\n");
}

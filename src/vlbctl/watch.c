/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - the live view: the terminal, keys, and when to ask the daemon again.
 *
 * However it ends, the terminal is left as it was found: signals only note that they
 * came, and the loop leaves. */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "draw.h"
#include "vlbctl.h"

enum { PATIENCE_MS = 1000, ANSWER_MS = 3000 };

static volatile sig_atomic_t signalled;

static void
on_signal(int number)
{
	signalled = number;
}

/* Without SA_RESTART: a signal ends what waits. */
static void
catch_signals(void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

/* What is on the screen now, and where it came from. */
struct screen {
	struct model model;
	char *snapshot; /* that the model points into */
	struct view view;
	char notice[100];
	long asked_ms;
};

/* Ask the daemon. False: no answer; the old picture stays, and says so. */
static bool
look(struct screen *screen, const struct options *options, struct answer *answer)
{
	struct model model;

	screen->asked_ms = now_ms();
	*answer = ask(options->socket, "snapshot --lines 100", PATIENCE_MS);
	if (answer->status == EXIT_SUCCESS && !model_read(&model, answer->text)) {
		snprintf(answer->problem, sizeof(answer->problem),
		    "this vlbctl cannot read what the daemon says: use the vlbctl that "
		    "came "
		    "with it");
		answer->status = STATUS_OTHER_VERSION;
		model_free(&model);
		free(answer->text);
	}
	if (answer->status != EXIT_SUCCESS) {
		if (screen->view.notice == NULL) {
			time_t now = time(NULL);
			char when[16] = "";
			strftime(when, sizeof(when), "%H:%M:%S", localtime(&now));
			snprintf(screen->notice, sizeof(screen->notice),
			    "no answer since %s", when);
			screen->view.notice = screen->notice;
		}
		return false;
	}
	model_free(&screen->model);
	free(screen->snapshot);
	screen->model = model;
	screen->snapshot = answer->text;
	screen->view.notice = NULL;
	return true;
}

/* The terminal has gone, and reading from it no longer waits. */
static bool
is_gone(void)
{
	struct pollfd terminal = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&terminal, 1, 0) == 1 &&
	       (terminal.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* What a key wants. False: leave. */
static bool
obey(struct screen *screen, int key)
{
	struct view *view = &screen->view;

	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case KEY_DOWN:
	case 'j':
		view->offset++;
		break;
	case KEY_UP:
	case 'k':
		view->offset--;
		break;
	case KEY_NPAGE:
	case ' ':
		view->offset += view->page;
		break;
	case KEY_PPAGE:
	case 'b':
		view->offset -= view->page;
		break;
	case KEY_HOME:
		view->offset = 0;
		break;
	case '\f': /* ^L: the line has garbled it */
		clearok(stdscr, TRUE);
		break;
	default: /* KEY_RESIZE: curses knows the new size already */
		break;
	}
	draw(&screen->model, view);
	return true;
}

static void
run(struct screen *screen, const struct options *options)
{
	const long interval_ms = (long)(options->interval_s * 1000);
	struct answer answer;

	draw(&screen->model, &screen->view);
	while (signalled == 0) {
		long left_ms = screen->asked_ms + interval_ms - now_ms();
		timeout(left_ms > 0 ? (int)left_ms : 0);
		int key = getch();
		if (signalled != 0 || (key == ERR && is_gone()))
			return;
		if (key != ERR && !obey(screen, key))
			return;
		if (now_ms() - screen->asked_ms < interval_ms)
			continue;
		(void)look(screen, options, &answer);
		draw(&screen->model, &screen->view);
	}
}

static bool
has_terminal(void)
{
	const char *term = getenv("TERM");

	if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
		fputs("vlbctl: watch needs a terminal; without one use `vlbctl watch "
		      "--json' "
		      "or `vlbctl events --follow'\n",
		    stderr);
		return false;
	}
	if (term == NULL || *term == '\0') {
		fputs("vlbctl: watch must know the terminal: set TERM, such as "
		      "TERM=vt100\n",
		    stderr);
		return false;
	}
	return true;
}

/* The terminal in curses' hands. NULL: it does not know it; told. */
static SCREEN *
take_terminal(void)
{
	/* newterm(3) alone leaves memory behind where it fails. */
	SCREEN *terminal = terminal_known() ? newterm(NULL, stdout, stdin) : NULL;

	if (terminal == NULL) {
		fprintf(stderr,
		    "vlbctl: this host does not know a terminal called `%s': set TERM, "
		    "such "
		    "as TERM=vt100\n",
		    getenv("TERM"));
		return NULL;
	}
	set_term(terminal);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	curs_set(0);
	draw_begin();
	return terminal;
}

int
watch(const struct options *options)
{
	struct screen screen = { 0 };
	struct answer answer;
	int status = EXIT_SUCCESS;

	if (!has_terminal())
		return STATUS_USAGE;
	if (!look(&screen, options, &answer)) {
		fprintf(stderr, "vlbctl: %s\n", answer.problem);
		return answer.status;
	}
	catch_signals(on_signal);
	SCREEN *terminal = take_terminal();
	if (terminal != NULL) {
		run(&screen, options);
		endwin();
		delscreen(terminal);
	} else {
		status = STATUS_USAGE;
	}
	model_free(&screen.model);
	free(screen.snapshot);
	if (signalled != 0) {
		/* Whoever started us sees what ended us. */
		catch_signals(SIG_DFL);
		raise(signalled);
	}
	return status;
}

int
watch_json(const struct options *options)
{
	const struct timespec pause = {
		(time_t)options->interval_s,
		(long)((options->interval_s - (double)(time_t)options->interval_s) * 1e9),
	};

	for (;;) {
		struct answer answer = ask(options->socket, "status --json", ANSWER_MS);
		if (answer.status != EXIT_SUCCESS) {
			fprintf(stderr, "vlbctl: %s\n", answer.problem);
			return answer.status;
		}
		errno = 0;
		int status = put_out(answer.text, answer.len);
		free(answer.text);
		if (status != EXIT_SUCCESS || errno == EPIPE)
			return status;
		nanosleep(&pause, NULL);
	}
}

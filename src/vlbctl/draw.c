/* SPDX-License-Identifier: BSD-2-Clause */
/* draw.c - the live view: a matrix of servers and addresses, and what happened of late.
 *
 *   A of cluster web on eth1: serving                              17:03:12  q quits
 *   6 servers, 30 addresses: 5 served here, 0 not confirmed, 0 served by nobody
 *                10.77.0.      1  2  3 ...
 *   A  self           5       *0 *0 *0 ...
 *   B  ALIVE   0.1s   5        1  .  . ...
 *   ...
 *   *0 served, by tier 0   !0 not confirmed   1 in the list   . not in it
 *   17:03:11 10.77.0.6: WATCHING -> CLAIMED (B dead: ...)
 *
 * What does not fit in one width goes into further bands below; what does not fit in the
 * height is scrolled. curses sends only what has changed. */
#include "draw.h"

#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOOD = 1, DOUBTFUL, BAD };
enum { LEAST_COLUMNS = 40, LEAST_LINES = 8 };
enum {
	TOP = 2,
	EVENTS_LEAST = 4,
	NAME_MOST = 12,
	FACTS = 22 /* a blank, state, silence, count */
};

/* How the matrix lies on the screen. */
struct grid {
	int name;  /* width of the names */
	int cell;  /* width of an address */
	int cells; /* addresses in a band */
	int bands, lines;
};

void
draw_begin(void)
{
	if (!has_colors())
		return;
	start_color();
	use_default_colors();
	init_pair(GOOD, COLOR_GREEN, -1);
	init_pair(DOUBTFUL, COLOR_YELLOW, -1);
	init_pair(BAD, COLOR_RED, -1);
}

/* A line from its beginning, cut off where the screen ends. */
__attribute__((format(printf, 2, 3))) static void
line(int y, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mvaddnstr(y, 0, text, COLS);
}

static attr_t
paint(int pair, attr_t otherwise)
{
	return (has_colors() ? (attr_t)COLOR_PAIR(pair) : 0) | otherwise;
}

static const char *
last_part(const char *address)
{
	const char *dot = strrchr(address, '.');

	return dot != NULL ? dot + 1 : address;
}

static struct grid
lay_out(const struct model *model)
{
	struct grid grid = { .name = 4, .cell = 3 };

	for (unsigned s = 0; s < model->servers; s++) {
		int len = (int)strlen(model->server[s].name);
		if (len > grid.name)
			grid.name = len < NAME_MOST ? len : NAME_MOST;
	}
	for (unsigned a = 0; a < model->addresses; a++) {
		int len = (int)strlen(last_part(model->address[a].address)) + 1;
		if (len > grid.cell)
			grid.cell = len;
	}
	grid.cells = (COLS - grid.name - FACTS) / grid.cell;
	if (grid.cells < 1)
		grid.cells = 1;
	grid.bands = ((int)model->addresses + grid.cells - 1) / grid.cells;
	grid.lines = grid.bands * ((int)model->servers + 1);
	return grid;
}

/* A cell of the head: the address's last part. Those that nobody serves stand out. */
static void
draw_address(const struct model_address *address, const struct grid *grid)
{
	attr_t attribute =
	    address->owner == MODEL_NONE ? paint(BAD, A_REVERSE | A_BOLD) : A_NORMAL;

	printw("%*s", grid->cell - (int)strlen(last_part(address->address)), "");
	attron(attribute);
	addstr(last_part(address->address));
	attroff(attribute);
}

static void
draw_cell(const struct model *model, const struct model_address *address, unsigned server,
    const struct grid *grid)
{
	const bool owned = address->owner == (int)server;
	const bool self = strcmp(model->server[server].state, "self") == 0;
	const bool doubtful = owned && self && model->routers > 0 && !address->confirmed;
	char text[4] = "  .";

	if (address->tier[server] > 0) {
		text[1] = owned ? doubtful ? '!' : '*' : ' ';
		text[2] = address->tier[server] <= 10
			      ? (char)('0' + address->tier[server] - 1)
			      : '+';
	}
	attr_t attribute = doubtful ? paint(DOUBTFUL, A_REVERSE)
			   : owned  ? paint(GOOD, A_BOLD)
				    : A_NORMAL;
	printw("%*s", grid->cell - 2, "");
	attron(attribute);
	addstr(text + 1);
	attroff(attribute);
}

static void
draw_head(const struct model *model, const struct grid *grid, unsigned first,
    unsigned end, int y)
{
	const char *address = model->address[first].address;

	mvprintw(y, 0, "%.*s", (int)(last_part(address) - address), address);
	move(y, grid->name + FACTS);
	for (unsigned a = first; a < end; a++)
		draw_address(&model->address[a], grid);
}

static void
draw_facts(const struct model_server *server)
{
	const bool dead = strcmp(server->state, "DEAD") == 0;
	const bool sick = server->unhealthy && !dead;
	attr_t attribute = dead ? paint(BAD, A_BOLD)
			   : sick || strcmp(server->state, "SUSPECT") == 0
			       ? paint(DOUBTFUL, A_BOLD)
			       : paint(GOOD, 0);

	attron(attribute);
	printw("%-9.9s", sick ? "unhealthy" : server->state);
	attroff(attribute);
	if (server->silence_ms == MODEL_NONE)
		printw("%7s", strcmp(server->state, "self") == 0 ? "" : "-");
	else if (server->silence_ms < 1000000)
		printw("%4ld.%lds", server->silence_ms / 1000,
		    server->silence_ms % 1000 / 100);
	else
		printw("%6lds", server->silence_ms / 1000);
	printw("%5u", server->addresses);
}

static void
draw_server(const struct model *model, const struct grid *grid, unsigned server,
    unsigned first, unsigned end, int y)
{
	mvprintw(y, 0, "%-*.*s ", grid->name, grid->name, model->server[server].name);
	if (first == 0)
		draw_facts(&model->server[server]);
	move(y, grid->name + FACTS);
	for (unsigned a = first; a < end; a++)
		draw_cell(model, &model->address[a], server, grid);
}

/* Line LINE of the matrix, at Y. */
static void
draw_line(const struct model *model, const struct grid *grid, int line, int y)
{
	unsigned rows = model->servers + 1;
	unsigned first = (unsigned)line / rows * (unsigned)grid->cells;
	unsigned end = first + (unsigned)grid->cells;
	unsigned row = (unsigned)line % rows;

	if (end > model->addresses)
		end = model->addresses;
	if (row == 0)
		draw_head(model, grid, first, end, y);
	else
		draw_server(model, grid, row - 1, first, end, y);
}

static void
draw_top(const struct model *model, const struct view *view)
{
	unsigned here = 0, doubtful = 0, orphans = 0;
	char clock[16] = "";
	time_t now = time(NULL);

	for (unsigned a = 0; a < model->addresses; a++) {
		const struct model_address *address = &model->address[a];
		bool served = strcmp(address->state, "PRIMARY") == 0 ||
			      strcmp(address->state, "CLAIMED") == 0;
		here += served;
		doubtful += served && model->routers > 0 && !address->confirmed;
		orphans += address->owner == MODEL_NONE;
	}
	attron(A_BOLD);
	line(0, "%s of cluster %s on %s: %s%s", model->self, model->cluster,
	    model->interface, model->standing,
	    model->drain_persists ? ", also after a restart" : "");
	attroff(A_BOLD);
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	const char *right = view->notice != NULL ? view->notice : clock;
	attr_t attribute = view->notice != NULL ? paint(BAD, A_REVERSE) : A_NORMAL;
	int at = COLS - (int)strlen(right) - 9;
	attron(attribute);
	mvaddstr(0, at > 0 ? at : 0, right);
	attroff(attribute);
	addstr("  q quits");
	line(1,
	    "%u servers, %u addresses: %u served here, %u not confirmed, %u served by "
	    "nobody",
	    model->servers, model->addresses, here, doubtful, orphans);
}

static void
draw_key(const struct view *view, const struct grid *grid, int y)
{
	char more[60] = "";

	if (grid->lines > view->page)
		snprintf(more, sizeof(more), "lines %d-%d of %d (arrow keys)  ",
		    view->offset + 1, view->offset + view->page, grid->lines);
	line(y, "%s*0 served, by tier 0  !0 not confirmed  1 in the list  . not in it",
	    more);
}

/* The newest ones, the very newest below. */
static void
draw_events(const struct model *model, int y)
{
	unsigned room = LINES > y ? (unsigned)(LINES - y) : 0;
	unsigned first = model->events > room ? model->events - room : 0;
	char when[16] = "";

	for (unsigned e = first; e < model->events; e++, y++) {
		const struct model_event *event = &model->event[e];
		strftime(when, sizeof(when), "%H:%M:%S", localtime(&event->at));
		attr_t attribute = event->level <= 3   ? paint(BAD, A_BOLD)
				   : event->level == 4 ? paint(DOUBTFUL, 0)
						       : A_NORMAL;
		mvprintw(y, 0, "%s ", when);
		attron(attribute);
		addnstr(event->text, COLS > 9 ? COLS - 9 : 0);
		attroff(attribute);
	}
}

void
draw(const struct model *model, struct view *view)
{
	struct grid grid = lay_out(model);
	int room = LINES - TOP - 1 - EVENTS_LEAST;

	view->page = grid.lines < room ? grid.lines : room > 1 ? room : 1;
	if (view->offset > grid.lines - view->page)
		view->offset = grid.lines - view->page;
	if (view->offset < 0)
		view->offset = 0;
	erase();
	if (COLS < LEAST_COLUMNS || LINES < LEAST_LINES) {
		line(0, "needs %dx%d; q quits", LEAST_COLUMNS, LEAST_LINES);
		refresh();
		return;
	}
	draw_top(model, view);
	for (int i = 0; i < view->page && i < grid.lines; i++)
		draw_line(model, &grid, view->offset + i, TOP + i);
	draw_key(view, &grid, TOP + view->page);
	draw_events(model, TOP + view->page + 1);
	move(LINES - 1, COLS - 1); /* the cursor rests where it covers nothing */
	refresh();
}

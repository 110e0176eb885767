/* SPDX-License-Identifier: BSD-2-Clause */
/* terminal.c - does this host know the terminal? Apart, since <term.h> makes macros of
 * such words as `lines'. */
#include <curses.h>
#include <stdbool.h>
#include <term.h>
#include <unistd.h>

#include "draw.h"

bool
terminal_known(void)
{
	int found = 0;

	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

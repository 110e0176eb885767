/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.h - what vlbplan can do: one function per action, each in its own file. They
 * return an exit status, and have told why. */
#ifndef VLBD_PLAN_COMMANDS_H
#define VLBD_PLAN_COMMANDS_H

#include "options.h"

int show_main(const struct options *options); /* ACTION_MAKE and ACTION_SHOW */
int check_main(const struct options *options);
int advise_main(const struct options *options);
int update_main(const struct options *options);
int routes_main(const struct options *options);

#endif

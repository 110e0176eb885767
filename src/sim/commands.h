/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.h - what vlbsim can do: one function per subcommand, each in its own file.
 *
 * ARGV[0] is the subcommand's name. They return an exit status. */
#ifndef VLBD_SIM_COMMANDS_H
#define VLBD_SIM_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "exit.h"

#define EXIT_BROKEN 1 /* a promise was broken */

int hunt_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int walk_main(int argc, char **argv);
int play_main(int argc, char **argv);

/* All of TEXT as a number. False, with a word on stderr that names WHAT: it is none. */
bool command_number(const char *what, const char *text, uint64_t *out);
/* "vlbsim: " and what is wrong, on stderr; returns EXIT_USAGE. */
int command_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

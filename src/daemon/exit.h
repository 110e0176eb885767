/* SPDX-License-Identifier: BSD-2-Clause */
/* exit.h - exit statuses beside EXIT_SUCCESS and EXIT_FAILURE, as vlbd(8) promises. */
#ifndef VLBD_EXIT_H
#define VLBD_EXIT_H

#define EXIT_USAGE 2
#define EXIT_LEFT 75       /* on SIGUSR2: a successor goes on (EX_TEMPFAIL) */
#define EXIT_NOT_READY 77  /* the host: interface, rights, hardware address */
#define EXIT_FILE_WRONG 78 /* EX_CONFIG of sysexits.h */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.h - a network of the test's own, to do as it likes in. */
#ifndef VLBD_TESTS_NETNS_H
#define VLBD_TESTS_NETNS_H

/* Move this process into a new network namespace (and a user namespace, when it is not
 * root). NULL: done; else why not. */
const char *netns_enter(void);

#endif

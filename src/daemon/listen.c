/* SPDX-License-Identifier: BSD-2-Clause */
/* listen.c - frames in: from libpcap's ring to the engine. */
#include "shell_internal.h"

enum {
	FRAMES_A_TURN = 256, /* so that a flood cannot hold up the timer */
	STALE_TURNS = 64     /* the whole ring, at most */
};

struct hearing {
	struct engine *engine;
	uint64_t now_ns;
};

static void
hear(void *user, const uint8_t *frame, size_t len)
{
	struct hearing *hearing = user;

	engine_frame(hearing->engine, frame, len, hearing->now_ns);
}

void
listen_close(struct shell *shell)
{
	if (shell->sniff != NULL)
		ev_io_stop(shell->loop, &shell->sniff_io);
	sniff_close(shell->sniff);
	announce_close(shell->announce);
	shell->sniff = NULL;
	shell->announce = NULL;
}

static void
ignore(void *user, const uint8_t *frame, size_t len)
{
	(void)user, (void)frame, (void)len;
}

/* What was said while self was away is old news. */
static void
discard(struct shell *shell)
{
	for (unsigned i = 0; i < STALE_TURNS; i++)
		if (sniff_read(shell->sniff, FRAMES_A_TURN, ignore, NULL) < FRAMES_A_TURN)
			return;
}

/* What waits in the ring is heard before anybody is judged: self may have been starved.
 */
void
listen_drain(struct shell *shell)
{
	struct hearing hearing = { shell->engine, shell_now_ns() };

	if (shell->sniff == NULL)
		return;
	if (engine_late(shell->engine, hearing.now_ns))
		discard(shell);
	if (sniff_read(shell->sniff, FRAMES_A_TURN, hear, &hearing) < 0) {
		listen_close(shell);
		engine_link(shell->engine, false, shell_now_ns());
	}
}

static void
on_frame(struct ev_loop *loop, ev_io *watcher, int revents)
{
	struct shell *shell = watcher->data;

	(void)loop, (void)revents;
	listen_drain(shell);
	perform(shell);
}

int
listen_open(struct shell *shell)
{
	shell->sniff = sniff_open(shell->link.name);
	if (shell->sniff == NULL)
		return -1;
	shell->announce = announce_open(shell->link.name);
	if (shell->announce == NULL) {
		sniff_close(shell->sniff);
		shell->sniff = NULL;
		return -1;
	}
	ev_io_init(&shell->sniff_io, on_frame, sniff_fd(shell->sniff), EV_READ);
	shell->sniff_io.data = shell;
	ev_io_start(shell->loop, &shell->sniff_io);
	return 0;
}

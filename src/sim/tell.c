/* SPDX-License-Identifier: BSD-2-Clause */
/* tell.c - words for what happens in a world. It knows no state and no protocol. */
#include "tell.h"

#include <inttypes.h>
#include <string.h>

/* --- faults ------------------------------------------------------------------------- */

enum unit {
	UNIT_NONE,
	UNIT_PPM,
	UNIT_US,
	UNIT_WAYS,
	UNIT_SERVER,
	UNIT_SERVERS,
	UNIT_EARS
};

static const struct {
	const char *verb; /* before the server */
	enum unit unit;   /* of the amount */
	bool cable;       /* it is the server's cable that it befalls */
	bool address;     /* it has one */
	bool mends;
} words[FAULTS] = {
	[FAULT_CRASH] = { .verb = "crash" },
	[FAULT_RETURN] = { .verb = "return", .mends = true },
	[FAULT_CUT] = { .verb = "link down" },
	[FAULT_MEND] = { .verb = "link up", .mends = true },
	[FAULT_SILENCE] = { .verb = "silence", .unit = UNIT_WAYS },
	[FAULT_KILL] = { .verb = "kill the daemon of" },
	[FAULT_START] = { .verb = "start the daemon of", .mends = true },
	[FAULT_STOP] = { .verb = "stop the daemon of" },
	[FAULT_DRAIN] = { .verb = "drain" },
	[FAULT_RESUME] = { .verb = "resume", .mends = true },
	[FAULT_FREEZE] = { .verb = "freeze the daemon of" },
	[FAULT_THAW] = { .verb = "thaw the daemon of", .mends = true },
	[FAULT_PAUSE] = { .verb = "pause the machine" },
	[FAULT_UNPAUSE] = { .verb = "go on with the machine", .mends = true },
	[FAULT_STEAL] = { .verb = "another program deletes an address of",
	    .address = true },
	[FAULT_FLUSH] = { .verb = "another program deletes every address of" },
	[FAULT_SLOW] = { .verb = "address changes take longer on", .unit = UNIT_US },
	[FAULT_FAIL] = { .verb = "address changes fail on", .unit = UNIT_PPM },
	[FAULT_LOSS] = { .verb = "loss", .unit = UNIT_PPM, .cable = true },
	[FAULT_BURSTS] = { .verb = "bursts of loss", .unit = UNIT_PPM, .cable = true },
	[FAULT_COPIES] = { .verb = "duplicates", .unit = UNIT_PPM, .cable = true },
	[FAULT_DELAY] = { .verb = "delay", .unit = UNIT_US, .cable = true },
	[FAULT_JITTER] = { .verb = "jitter", .unit = UNIT_US, .cable = true },
	[FAULT_PARTITION] = { .verb = "partition", .unit = UNIT_SERVERS },
	[FAULT_HEAL] = { .verb = "no partition any more", .mends = true },
	[FAULT_FOREIGN] = { .verb = "a stranger claims", .address = true },
	[FAULT_ROUTER] = { .verb = "reboot of" },
	[FAULT_OLDFILE] = { .verb = "reload an older file on" },
	[FAULT_NEWFILE] = { .verb = "reload the new file on", .mends = true },
	[FAULT_DEAF] = { .verb = "no longer heard by", .unit = UNIT_SERVER },
	[FAULT_HEARS] = { .verb = "everybody is heard again by", .mends = true },
	[FAULT_SICKEN] = { .verb = "the service fails on" },
	[FAULT_CURE] = { .verb = "the service is back on", .mends = true },
	[FAULT_EAR] = { .verb = "what the kernel hears and the daemon does not, on",
	    .unit = UNIT_EARS },
	[FAULT_EAR_FROM] = { .verb = "heard by the kernel and not by the daemon of",
	    .unit = UNIT_SERVER },
	[FAULT_ARP_OFF] = { .verb = "no ARP any more in the kernel of" },
	[FAULT_ARP_ON] = { .verb = "ARP again in the kernel of", .mends = true },
};

static void
say_amount(const struct fault *fault, const struct conf *conf, char *text, size_t size)
{
	static const char *const ways[] = { ": heard, and hears", ": not heard",
		": hears nothing", ": neither heard nor hears" };
	static const char *const ears[] = { ": nothing", ": broadcasts", ": unicasts",
		": anything" };
	size_t len = 0;

	text[0] = '\0';
	switch (words[fault->kind].unit) {
	case UNIT_PPM:
		snprintf(text, size, fault->amount == 0 ? ": none" : ": %.4g%%",
		    (double)fault->amount / 1e4);
		break;
	case UNIT_US:
		snprintf(text, size, fault->amount == 0 ? ": none" : ": %.4gms",
		    (double)fault->amount / 1e3);
		break;
	case UNIT_WAYS:
		snprintf(text, size, "%s", ways[fault->amount & 3]);
		break;
	case UNIT_SERVER:
		if (fault->amount < conf->servers)
			snprintf(text, size, ": %s", conf->server[fault->amount].name);
		else
			snprintf(text, size, ": router %u",
			    (unsigned)fault->amount - conf->servers + 1);
		break;
	case UNIT_EARS:
		snprintf(text, size, "%s", ears[fault->amount & 3]);
		break;
	case UNIT_SERVERS:
		for (unsigned s = 0; s < conf->servers && len < size; s++)
			if ((fault->amount >> s & 1) != 0)
				len += (size_t)snprintf(text + len, size - len, "%s%s",
				    len == 0 ? ": only each other hear " : " ",
				    conf->server[s].name);
		break;
	case UNIT_NONE:
	default:
		break;
	}
}

const char *
tell_fault(const struct fault *fault, const struct conf *conf, char text[TELL_TEXT])
{
	char amount[200], who[CONF_NAME + 16] = "", ip[IP_TEXT + 2] = "";

	if (fault->kind == FAULT_ROUTER)
		snprintf(who, sizeof(who), " router %d", fault->server + 1);
	else if (words[fault->kind].cable && fault->server == FAULT_ALL)
		snprintf(who, sizeof(who), " on every cable");
	else if (words[fault->kind].cable)
		snprintf(
		    who, sizeof(who), " on %s's cable", conf->server[fault->server].name);
	else if (fault->kind != FAULT_PARTITION && fault->kind != FAULT_HEAL &&
		 fault->kind != FAULT_FOREIGN)
		snprintf(who, sizeof(who), " %s",
		    fault->server == FAULT_ALL ? "everybody"
					       : conf->server[fault->server].name);
	if (words[fault->kind].address && fault->address != CONF_NONE) {
		ip[0] = ' ';
		ip_format(&conf->address[fault->address].ip, ip + 1);
	}
	say_amount(fault, conf, amount, sizeof(amount));
	snprintf(text, TELL_TEXT, "%s%s%s%s", words[fault->kind].verb, who, ip, amount);
	return text;
}

bool
tell_is_injury(const struct fault *fault)
{
	return !words[fault->kind].mends &&
	       (words[fault->kind].unit == UNIT_NONE ||
		   words[fault->kind].unit == UNIT_SERVER || fault->amount != 0);
}

/* --- frames ------------------------------------------------------------------------- */

static const char *
station(const struct mac *mac, const struct conf *conf, char text[MAC_TEXT])
{
	int server = conf_server_by_mac(conf, mac);

	if (server != CONF_NONE)
		return conf->server[server].name;
	return mac_equal(mac, &mac_broadcast) ? "all" : mac_format(mac, text);
}

const char *
tell_frame(const struct arp *arp, const struct conf *conf, char text[TELL_TEXT])
{
	char from[MAC_TEXT], to[MAC_TEXT], owner[MAC_TEXT], spa[IP_TEXT], tpa[IP_TEXT];
	char what[160];

	ip_format(&arp->spa, spa);
	ip_format(&arp->tpa, tpa);
	if (ip_equal(&arp->spa, &arp->tpa))
		snprintf(what, sizeof(what), "%s is mine (%s)", spa,
		    arp->op == ARP_REQUEST ? "request" : "reply");
	else if (arp->op == ARP_REPLY)
		snprintf(what, sizeof(what), "%s is at %s, tell %s", spa,
		    station(&arp->sha, conf, owner), tpa);
	else if (!mac_is_group(&arp->dst) && mac_equal(&arp->tha, &arp->sha))
		snprintf(what, sizeof(what), "I, %s, release %s", spa, tpa);
	else
		snprintf(what, sizeof(what), "who has %s? tell %s", tpa, spa);
	snprintf(text, TELL_TEXT, "%s > %s  %s", station(&arp->src, conf, from),
	    station(&arp->dst, conf, to), what);
	return text;
}

/* --- sets of addresses -------------------------------------------------------------- */

static bool
has(const uint64_t set[TELL_SET], const struct conf *conf, unsigned a)
{
	return a < conf->addresses && (set[a / 64] >> a % 64 & 1) != 0;
}

/* B follows A in the same /24. */
static bool
follows(const struct conf *conf, unsigned a, unsigned b)
{
	return ip_v4_value(&conf->address[b].ip) ==
		   ip_v4_value(&conf->address[a].ip) + 1 &&
	       ip_v4_value(&conf->address[b].ip) % 256 != 0;
}

const char *
tell_addresses(
    const uint64_t set[TELL_SET], const struct conf *conf, char *text, size_t size)
{
	enum { MORE = 20 }; /* room for ", 4000 more" */
	uint32_t net = 0;
	size_t len = 0;
	unsigned left = 0;

	for (unsigned a = 0; a < conf->addresses; a++)
		left += has(set, conf, a);
	snprintf(text, size, "-");
	for (unsigned a = 0; a < conf->addresses; a++) {
		char one[IP_TEXT + 8], ip[IP_TEXT];
		unsigned end = a;
		if (!has(set, conf, a))
			continue;
		while (has(set, conf, end + 1) && follows(conf, end, end + 1))
			end++;
		uint32_t value = ip_v4_value(&conf->address[a].ip);
		ip_format(&conf->address[a].ip, ip);
		if (len > 0 && value / 256 == net)
			snprintf(ip, sizeof(ip), ".%" PRIu32, value % 256);
		net = value / 256;
		if (end > a)
			snprintf(one, sizeof(one), "%s-%" PRIu32, ip,
			    ip_v4_value(&conf->address[end].ip) % 256);
		else
			snprintf(one, sizeof(one), "%s", ip);
		if (len + strlen(one) + MORE >= size) {
			snprintf(text + len, size - len, ", %u more", left);
			break;
		}
		len += (size_t)snprintf(
		    text + len, size - len, "%s%s", len > 0 ? ", " : "", one);
		left -= end - a + 1;
		a = end;
	}
	return text;
}

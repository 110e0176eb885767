/* SPDX-License-Identifier: BSD-2-Clause */
/* arp.c - bytes to struct arp and back (RFC 826, Ethernet, IPv4).
 *
 * The only place that knows the layout. Bytes are copied out one by one, never read
 * through a cast, so alignment and byte order of the host do not matter. */
#include "vlbd/arp.h"

#include <assert.h>
#include <string.h>

enum layout {
	AT_DST = 0,
	AT_SRC = 6,
	AT_TYPE = 12,
	AT_HRD = 14,
	AT_PRO = 16,
	AT_HLN = 18,
	AT_PLN = 19,
	AT_OP = 20,
	AT_SHA = 22,
	AT_SPA = 28,
	AT_THA = 32,
	AT_TPA = 38,
	AT_END = 42,
	/* The note. */
	AT_MAGIC = AT_END,
	AT_VERSION = 45,
	AT_LEN = 46,
	AT_FLAGS = 47,
	AT_STAY = 48,
	AT_PLAN = 49,    /* from here on an early version's note may end */
	AT_CLUSTER = 56, /* likewise */
	AT_NOTE_END = 60
};

enum {
	TYPE_ARP = 0x0806,
	TYPE_8021Q = 0x8100,
	TYPE_8021AD = 0x88a8,
	VID_MASK = 0x0fff,
	TAG_LEN = 4,
	HRD_ETHERNET = 1,
	HRD_IEEE802 = 6,
	PRO_IPV4 = 0x0800,
	PLN_IPV4 = 4,
	NOTE_VERSION = 1,
	NOTE_DEMOTED = 1 << 0,
	PLAN_BYTES = AT_CLUSTER - AT_PLAN
};

static const uint8_t magic[AT_VERSION - AT_MAGIC] = { 'v', 'l', 'b' };

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void
put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static struct mac
get_mac(const uint8_t *at)
{
	struct mac mac;

	memcpy(mac.byte, at, MAC_LEN);
	return mac;
}

static struct ip
get_ip(const uint8_t *at)
{
	return ip_v4((uint32_t)get16(at) << 16 | get16(at + 2));
}

static void
put_ip(uint8_t *at, const struct ip *ip)
{
	uint32_t value = ip_v4_value(ip);

	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint64_t
get_number(const uint8_t *at, unsigned bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < bytes; i++)
		number = number << 8 | at[i];
	return number;
}

static void
put_number(uint8_t *at, unsigned bytes, uint64_t number)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
}

/* Some network cards deliver what was in their buffer as padding: what is not a note to
 * the last byte is none. */
static struct arp_note
get_note(const uint8_t *frame, size_t len)
{
	if (len < AT_PLAN || memcmp(frame + AT_MAGIC, magic, sizeof(magic)) != 0 ||
	    frame[AT_VERSION] != NOTE_VERSION || frame[AT_LEN] < AT_PLAN - AT_MAGIC ||
	    len - AT_MAGIC < frame[AT_LEN])
		return (struct arp_note){ .present = false };
	return (struct arp_note){
		.present = true,
		.demoted = (frame[AT_FLAGS] & NOTE_DEMOTED) != 0,
		.stay_s = frame[AT_STAY],
		.plan = frame[AT_LEN] >= AT_CLUSTER - AT_MAGIC
			    ? get_number(frame + AT_PLAN, PLAN_BYTES)
			    : 0,
		.cluster =
		    frame[AT_LEN] >= AT_NOTE_END - AT_MAGIC
			? (uint32_t)get_number(frame + AT_CLUSTER, sizeof(uint32_t))
			: 0,
	};
}

static void
put_note(uint8_t *frame, const struct arp_note *note)
{
	if (!note->present)
		return;
	memcpy(frame + AT_MAGIC, magic, sizeof(magic));
	frame[AT_VERSION] = NOTE_VERSION;
	frame[AT_LEN] = AT_NOTE_END - AT_MAGIC;
	frame[AT_FLAGS] = note->demoted ? NOTE_DEMOTED : 0;
	frame[AT_STAY] = note->stay_s;
	put_number(frame + AT_PLAN, PLAN_BYTES, note->plan);
	put_number(frame + AT_CLUSTER, sizeof(note->cluster), note->cluster);
}

/* How many bytes of priority tags (VID 0: a priority and no VLAN) precede the ethertype.
 * They make no difference to a kernel, which takes off any number of them. */
static size_t
priority_tags(const uint8_t *frame, size_t len)
{
	size_t tags = 0;

	while (len >= tags + AT_HRD + TAG_LEN) {
		uint16_t type = get16(frame + tags + AT_TYPE);
		uint16_t tci = get16(frame + tags + AT_HRD);
		if ((type != TYPE_8021Q && type != TYPE_8021AD) || (tci & VID_MASK) != 0)
			break;
		tags += TAG_LEN;
	}
	return tags;
}

enum arp_verdict
arp_parse(const uint8_t *frame, size_t len, struct arp *out)
{
	const uint8_t *ethernet = frame;
	size_t tags = priority_tags(frame, len);

	frame += tags; /* from here on only what follows the addresses is read of it */
	len -= tags;
	if (len < AT_HRD)
		return ARP_SHORT;
	uint16_t type = get16(frame + AT_TYPE);
	if (type == TYPE_8021Q || type == TYPE_8021AD)
		return ARP_TAGGED;
	if (type != TYPE_ARP)
		return ARP_OTHER;
	if (len < AT_END)
		return ARP_SHORT;
	uint16_t hardware = get16(frame + AT_HRD);
	if ((hardware != HRD_ETHERNET && hardware != HRD_IEEE802) ||
	    frame[AT_HLN] != MAC_LEN)
		return ARP_BAD_HARDWARE;
	if (get16(frame + AT_PRO) != PRO_IPV4 || frame[AT_PLN] != PLN_IPV4)
		return ARP_BAD_PROTOCOL;

	*out = (struct arp){
		.dst = get_mac(ethernet + AT_DST),
		.src = get_mac(ethernet + AT_SRC),
		.op = get16(frame + AT_OP),
		.sha = get_mac(frame + AT_SHA),
		.spa = get_ip(frame + AT_SPA),
		.tha = get_mac(frame + AT_THA),
		.tpa = get_ip(frame + AT_TPA),
		.note = get_note(frame, len),
	};
	if (out->op != ARP_REQUEST && out->op != ARP_REPLY)
		return ARP_BAD_OP;
	return ARP_OK;
}

const char *
arp_verdict_name(enum arp_verdict verdict)
{
	static const char *const names[ARP_VERDICTS] = {
		[ARP_OK] = "ok",
		[ARP_SHORT] = "short",
		[ARP_TAGGED] = "tagged",
		[ARP_OTHER] = "other",
		[ARP_BAD_HARDWARE] = "bad_hardware",
		[ARP_BAD_PROTOCOL] = "bad_protocol",
		[ARP_BAD_OP] = "bad_op",
		[ARP_OTHER_STATION] = "other_station",
	};

	assert(verdict < ARP_VERDICTS);
	return names[verdict];
}

void
arp_build(const struct arp *arp, uint8_t frame[ARP_FRAME_LEN])
{
	memset(frame, 0, ARP_FRAME_LEN);
	memcpy(frame + AT_DST, arp->dst.byte, MAC_LEN);
	memcpy(frame + AT_SRC, arp->src.byte, MAC_LEN);
	put16(frame + AT_TYPE, TYPE_ARP);
	put16(frame + AT_HRD, HRD_ETHERNET);
	put16(frame + AT_PRO, PRO_IPV4);
	frame[AT_HLN] = MAC_LEN;
	frame[AT_PLN] = PLN_IPV4;
	put16(frame + AT_OP, arp->op);
	memcpy(frame + AT_SHA, arp->sha.byte, MAC_LEN);
	put_ip(frame + AT_SPA, &arp->spa);
	memcpy(frame + AT_THA, arp->tha.byte, MAC_LEN);
	put_ip(frame + AT_TPA, &arp->tpa);
	put_note(frame, &arp->note);
}

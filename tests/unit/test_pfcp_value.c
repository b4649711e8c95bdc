// test_pfcp_value.c - values into IEs and out again, and byte for byte as TS 29.244 8.2 draws them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <arpa/inet.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_put.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "tests/unit/pfcp_make.h"

// An IE over these bytes; in memory of just its length, so that valgrind and ASan see whoever reads on.
static struct pfcp_ie ie_of(unsigned type, const void *value, size_t length)
{
	static uint8_t room[512];

	assert_true(length <= sizeof(room));
	memcpy(room + sizeof(room) - length, value, length);
	return (struct pfcp_ie){ .type = (uint16_t)type,
				 .length = (uint16_t)length,
				 .value = room + sizeof(room) - length };
}

// Every value that is made: shorter than it is by any number of bytes it's refused or means something else, and never read beyond.
static void values_know_their_length(void **state)
{
	uint64_t seed = 7;
	uint8_t bytes[512];

	for (unsigned round = 0; round < 200; round++)
		for (unsigned type = 0; type < PFCP_IE_TYPES; type++) {
			struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
			struct pfcp_ie ie;

			if (!pfcp_kind(type) || pfcp_kind(type)->shape < PFCP_SHAPE_TIMER)
				continue;
			pfcp_make_ie(&writer, type, PFCP_FILL_ALL, 0, &seed);
			ie = ie_of(type, bytes + 4, (size_t)(writer.at - bytes) - 4);
			assert_int_equal(pfcp_value_check(&ie), 0);
			for (ie.length--; ie.length >= pfcp_kind(type)->least; ie.length--)
				pfcp_value_check(&ie);
		}
}

static void fteid_as_drawn(void **state)
{
	static const uint8_t both[] = { 3, 1, 2, 3, 4, 10, 0, 0, 1, 0x20, 1, 0xd, 0xb8,
					0, 0, 0, 0, 0, 0,  0, 0, 0, 0,    0, 9 };
	struct pfcp_ie ie = ie_of(PFCP_IE_F_TEID, both, sizeof(both));
	struct pfcp_fteid fteid;

	assert_int_equal(pfcp_get_fteid(&ie, &fteid), 0);
	assert_int_equal(fteid.teid, 0x01020304);
	assert_int_equal(fteid.address.ipv4, 0x0a000001);
	assert_true(fteid.address.has_ipv4 && fteid.address.has_ipv6 && !fteid.choose);
	assert_memory_equal(fteid.address.ipv6, both + 9, 16);
	ie.length--;
	assert_int_equal(pfcp_get_fteid(&ie, &fteid), -EMSGSIZE);
	ie = ie_of(PFCP_IE_F_TEID, "\x0d\x09", 2);
	assert_int_equal(pfcp_get_fteid(&ie, &fteid), 0);
	assert_true(fteid.choose && fteid.has_choose_id && fteid.choose_id == 9 && fteid.address.has_ipv4 &&
		    !fteid.address.has_ipv6);
	ie.length = 1;
	assert_int_equal(pfcp_get_fteid(&ie, &fteid), -EMSGSIZE);
	ie = ie_of(PFCP_IE_F_TEID, "\x04", 1); // of which family? OAI does not say
	assert_int_equal(pfcp_get_fteid(&ie, &fteid), 0);
	assert_true(fteid.choose && !fteid.has_choose_id && !fteid.address.has_ipv4 && !fteid.address.has_ipv6);
	ie = ie_of(PFCP_IE_F_TEID, "\0\0\0\0\1", 5); // nowhere
	assert_int_equal(pfcp_get_fteid(&ie, &fteid), -EINVAL);
}

// Each part behind its length, in the order of the bits; an additional one is a list.
static void pfd_as_drawn(void **state)
{
	static const uint8_t some[] = { 0x21, 0, 0, 2, 'a', 'b', 0, 7, 0, 1, 'c', 0, 2, 'd', 'e' };
	struct pfcp_ie ie = ie_of(PFCP_IE_PFD_CONTENTS, some, sizeof(some));
	struct pfcp_piece left, piece;
	struct pfcp_pfd pfd;

	assert_int_equal(pfcp_get_pfd(&ie, &pfd), 0);
	assert_int_equal(pfd.part[PFCP_PFD_FLOW].length, 2);
	assert_memory_equal(pfd.part[PFCP_PFD_FLOW].text, "ab", 2);
	assert_null(pfd.part[1].text);
	left = pfd.part[PFCP_PFD_FLOWS];
	assert_int_equal(pfcp_pfd_next(&left, &piece), 1);
	assert_true(piece.length == 1 && *piece.text == 'c');
	assert_int_equal(pfcp_pfd_next(&left, &piece), 1);
	assert_true(piece.length == 2 && *piece.text == 'd');
	assert_int_equal(pfcp_pfd_next(&left, &piece), 0);
	left = (struct pfcp_piece){ (const char *)some + 11, 3 };
	assert_int_equal(pfcp_pfd_next(&left, &piece), -EMSGSIZE);
	ie.length--;
	assert_int_equal(pfcp_get_pfd(&ie, &pfd), -EMSGSIZE);
}

static void ue_address_flags(void **state)
{
	struct pfcp_ue_address ue;
	struct pfcp_ie ie = ie_of(PFCP_IE_UE_IP_ADDRESS, "\x06\x0a\x2d\x00\x02", 5);

	assert_int_equal(pfcp_get_ue_address(&ie, &ue), 0);
	assert_true(ue.destination && ue.address.has_ipv4 && ue.address.ipv4 == 0x0a2d0002);
	ie = ie_of(PFCP_IE_UE_IP_ADDRESS, "\x30", 1);
	assert_int_equal(pfcp_get_ue_address(&ie, &ue), 0);
	assert_true(ue.choose_ipv4 && ue.choose_ipv6 && !ue.address.has_ipv4 && !ue.address.has_ipv6);
	ie = ie_of(PFCP_IE_UE_IP_ADDRESS, "\x12\x0a\x2d\x00\x02", 5); // given, and to be chosen
	assert_int_equal(pfcp_get_ue_address(&ie, &ue), -EINVAL);
}

static void outer_headers(void **state)
{
	struct pfcp_outer_creation outer;
	struct pfcp_outer_removal removal;
	struct pfcp_ie ie = ie_of(PFCP_IE_OUTER_HEADER_CREATION, "\x01\x00\x00\x00\x10\x01\xc0\xa8\x01\x02", 10);

	assert_int_equal(pfcp_get_outer_creation(&ie, &outer), 0);
	assert_int_equal(outer.description, PFCP_OUTER_HEADER_CREATION_GTPU_IPV4);
	assert_int_equal(outer.teid, 0x1001);
	assert_int_equal(outer.address.ipv4, 0xc0a80102);
	ie = ie_of(PFCP_IE_OUTER_HEADER_CREATION, "\0\0", 2);
	assert_int_equal(pfcp_get_outer_creation(&ie, &outer), -EINVAL);
	ie = ie_of(PFCP_IE_OUTER_HEADER_CREATION, "", 0);
	assert_int_equal(pfcp_get_outer_creation(&ie, &outer), -EMSGSIZE);
	ie = ie_of(PFCP_IE_OUTER_HEADER_REMOVAL, "\x06\x01", 2);
	assert_int_equal(pfcp_get_outer_removal(&ie, &removal), 0);
	assert_true(removal.description == PFCP_OUTER_HEADER_REMOVAL_GTPU_IP && removal.delete_pdu_container);
}

// A name comes as labels, or as the text that some peers write there.
static void names(void **state)
{
	char name[PFCP_NAME], text[8];
	struct pfcp_ie ie = ie_of(PFCP_IE_APN_DNN, "\x08Internet\x03Mnc", 13);

	assert_int_equal(pfcp_get_name(&ie, name), 0);
	assert_string_equal(name, "internet.mnc");
	ie = ie_of(PFCP_IE_APN_DNN, "internet.mnc", 12);
	assert_int_equal(pfcp_get_name(&ie, name), 0);
	assert_string_equal(name, "internet.mnc");
	ie = ie_of(PFCP_IE_APN_DNN, "\x08internet\0", 10);
	assert_int_equal(pfcp_get_name(&ie, name), 0);
	assert_string_equal(name, "internet");
	ie = ie_of(PFCP_IE_APN_DNN, "internet\0\0\0", 11);
	assert_int_equal(pfcp_get_name(&ie, name), 0);
	assert_string_equal(name, "internet");
	ie = ie_of(PFCP_IE_APN_DNN, "inter\0net\0", 10);
	assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	ie = ie_of(PFCP_IE_APN_DNN, "\0\0", 2);
	assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	ie = ie_of(PFCP_IE_APN_DNN, "\x09internet", 9);
	assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	for (unsigned i = 0; i < 4; i++) { // text that no labels could say
		static const char *const odd[] = { "a..b", ".a", "a.", "." };

		ie = ie_of(PFCP_IE_APN_DNN, odd[i], (uint16_t)strlen(odd[i]));
		assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	}
	ie = ie_of(PFCP_IE_APN_DNN, "a\nb", 3);
	assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	ie = ie_of(PFCP_IE_APN_DNN, "", 0);
	assert_int_equal(pfcp_get_name(&ie, name), -EINVAL);
	ie = ie_of(PFCP_IE_ACTIVATE_PREDEFINED_RULES, "gold-1", 6);
	assert_int_equal(pfcp_get_text(&ie, text, sizeof(text)), 0);
	assert_string_equal(text, "gold-1");
	assert_int_equal(pfcp_get_text(&ie, text, 6), -EINVAL);
}

static void name_of_any_length(void **state)
{
	uint8_t labels[512];
	char name[PFCP_NAME];

	for (size_t length = 2; length < sizeof(labels); length++) {
		struct pfcp_ie ie;

		memset(labels, 'x', length);
		for (size_t at = 0; at < length; at += 64)
			labels[at] = (uint8_t)(length - at > 64 ? 63 : length - at - 1);
		ie = ie_of(PFCP_IE_NETWORK_INSTANCE, labels, length);
		if (!pfcp_get_name(&ie, name)) // an empty label may end it
			assert_int_equal(strlen(name), length - (length % 64 == 1 ? 2 : 1));
		else
			assert_true(length >= PFCP_NAME);
	}
}

static void node_ids_as_text(void **state)
{
	static const char *const texts[] = { "0.0.0.0", "10.99.4.2", "100.20.3.209", "255.255.255.255" };
	char text[PFCP_NAME];

	for (unsigned i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct pfcp_node_id node = { .kind = PFCP_NODE_ID_IPV4 };

		node.address.ipv4 = ntohl(inet_addr(texts[i]));
		pfcp_node_id_text(&node, text);
		assert_string_equal(text, texts[i]);
	}
}

static void numbers_and_bits(void **state)
{
	struct pfcp_ie ie = ie_of(PFCP_IE_REPORTING_TRIGGERS, "\x02\x01\x80", 3);

	assert_int_equal(pfcp_flags(&ie), PFCP_REPORTING_TRIGGERS_VOLTH | PFCP_REPORTING_TRIGGERS_VOLQU | 1u << 23);
	ie.length = 2;
	assert_int_equal(pfcp_flags(&ie), PFCP_REPORTING_TRIGGERS_VOLTH | PFCP_REPORTING_TRIGGERS_VOLQU);
	assert_int_equal(pfcp_flags(NULL), 0);
	ie = ie_of(PFCP_IE_PDR_ID, "\x01\x02\x03", 3); // and what a later release put behind
	assert_int_equal(pfcp_number(&ie), 0x0102);
	ie = ie_of(PFCP_IE_SOURCE_INTERFACE, "\xf1", 1);
	assert_int_equal(pfcp_number(&ie), PFCP_SOURCE_INTERFACE_CORE);
	ie = ie_of(PFCP_IE_FAR_ID, "\x01", 1);
	assert_int_equal(pfcp_number(&ie), 0);
	assert_int_equal(pfcp_number(NULL), 0);
	ie = ie_of(PFCP_IE_TIMER, "\x83", 1);
	assert_int_equal(pfcp_seconds(&ie), 3 * 36000);
	ie = ie_of(PFCP_IE_TIMER, "\xe0", 1);
	assert_int_equal(pfcp_seconds(&ie), PFCP_FOREVER);
}

static void rates_and_gates(void **state)
{
	struct pfcp_rate rate;
	struct pfcp_gate gate;
	struct pfcp_ie ie = ie_of(PFCP_IE_MBR, "\0\0\0\x03\xe8\x01\0\0\0\0", 10);

	assert_int_equal(pfcp_get_rate(&ie, &rate), 0);
	assert_int_equal(rate.uplink_kbps, 1000);
	assert_int_equal(rate.downlink_kbps, 1ull << 32);
	ie = ie_of(PFCP_IE_GATE_STATUS, "\x04", 1);
	assert_int_equal(pfcp_get_gate(&ie, &gate), 0);
	assert_true(gate.uplink_closed && !gate.downlink_closed);
	ie = ie_of(PFCP_IE_GATE_STATUS, "\x02", 1); // for future use: closed
	assert_int_equal(pfcp_get_gate(&ie, &gate), 0);
	assert_true(!gate.uplink_closed && gate.downlink_closed);
}

static void sdf_parts_in_order(void **state)
{
	static const uint8_t all[] = { 0x1f, 0, 0, 3, 'a', 'b', 'c', 0x10, 0xfc, 1, 2, 3, 4, 0xf5, 6, 7, 8, 9, 10, 11 };
	struct pfcp_ie ie = ie_of(PFCP_IE_SDF_FILTER, all, sizeof(all));
	struct pfcp_sdf sdf;

	assert_int_equal(pfcp_get_sdf(&ie, &sdf), 0);
	assert_int_equal(sdf.flow_bytes, 3);
	assert_memory_equal(sdf.flow, "abc", 3);
	assert_int_equal(sdf.tos, 0x10fc);
	assert_int_equal(sdf.spi, 0x01020304);
	assert_int_equal(sdf.label, 0x050607);
	assert_int_equal(sdf.id, 0x08090a0b);
	for (ie.length--; ie.length >= 2; ie.length--)
		assert_int_equal(pfcp_get_sdf(&ie, &sdf), -EMSGSIZE);
	ie = ie_of(PFCP_IE_SDF_FILTER, "\0\0", 2); // without a flag
	assert_int_equal(pfcp_get_sdf(&ie, &sdf), 0);
	assert_true(!sdf.flow && !sdf.has_tos && !sdf.has_spi && !sdf.has_label && !sdf.has_id);
	ie.length = 1;
	assert_int_equal(pfcp_get_sdf(&ie, &sdf), -EMSGSIZE);
}

static void writers_end_where_they_must(void **state)
{
	uint64_t seed = 3;
	uint8_t bytes[2048];

	for (size_t room = 0; room < 700; room++) {
		struct pfcp_writer writer = pfcp_writer_over(bytes, room);
		uint64_t before = seed;
		size_t length;

		memset(bytes, 0xee, sizeof(bytes));
		pfcp_make_ie(&writer, PFCP_IE_CREATE_PDR, PFCP_FILL_ALL, 0, &seed);
		for (size_t i = room; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xee);
		seed = before;
		writer = pfcp_writer_over(bytes, sizeof(bytes));
		pfcp_make_ie(&writer, PFCP_IE_CREATE_PDR, PFCP_FILL_ALL, 0, &seed);
		length = (size_t)(writer.at - bytes);
		seed = before;
		writer = pfcp_writer_over(bytes, room);
		pfcp_make_ie(&writer, PFCP_IE_CREATE_PDR, PFCP_FILL_ALL, 0, &seed);
		assert_int_equal(writer.full, length > room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_know_their_length),
		cmocka_unit_test(fteid_as_drawn),
		cmocka_unit_test(pfd_as_drawn),
		cmocka_unit_test(ue_address_flags),
		cmocka_unit_test(outer_headers),
		cmocka_unit_test(names),
		cmocka_unit_test(name_of_any_length),
		cmocka_unit_test(node_ids_as_text),
		cmocka_unit_test(numbers_and_bits),
		cmocka_unit_test(rates_and_gates),
		cmocka_unit_test(sdf_parts_in_order),
		cmocka_unit_test(writers_end_where_they_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// test_pfcp_message.c - headers of PFCP messages: all flags, lengths that lie, several in a datagram; and messages as text.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_print.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/codec/message.h"
#include "tests/unit/pfcp_make.h"

static uint8_t bytes[4096];

static size_t heartbeat(const struct pfcp_header *header)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	uint8_t *mark;

	pfcp_message_begin(&writer, header, &mark);
	pfcp_put_u32(&writer, PFCP_IE_RECOVERY_TIME_STAMP, 0xe0000000);
	pfcp_message_end(&writer, mark);
	assert_false(writer.full);
	return (size_t)(writer.at - writer.start);
}

static void headers_with_all_flags(void **state)
{
	for (unsigned flags = 0; flags < 8; flags++) {
		const struct pfcp_header said = { .type = 54,
						  .sequence = 0xabcdef,
						  .has_seid = flags & 1,
						  .seid = flags & 1 ? 0x0102030405060708 : 0,
						  .has_priority = flags & 2,
						  .priority = flags & 2 ? 11 : 0,
						  .follows = flags & 4 };
		struct pfcp_header heard;
		size_t length = heartbeat(&said);

		assert_int_equal(length, (flags & 1 ? 16 : 8) + 8);
		assert_int_equal(pfcp_header_read(bytes, length, &heard), 0);
		assert_int_equal(heard.type, 54);
		assert_int_equal(heard.sequence, 0xabcdef);
		assert_int_equal(heard.seid, said.seid);
		assert_int_equal(heard.priority, said.priority);
		assert_true(heard.has_seid == said.has_seid && heard.has_priority == said.has_priority &&
			    heard.follows == said.follows);
		assert_int_equal(heard.bytes, 8);
		assert_ptr_equal(heard.body + heard.bytes, bytes + length);
		assert_int_equal(heard.message_bytes, length);
	}
}

static void lengths_that_lie(void **state)
{
	const struct pfcp_header said = { .type = 54, .has_seid = true, .sequence = 5 };
	size_t length = heartbeat(&said);
	struct pfcp_header heard;

	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(pfcp_header_read(bytes, cut, &heard), -EBADMSG);
	assert_int_equal(heard.sequence, 5); // its header was whole
	for (unsigned lie = 0; lie < 256; lie++) {
		bytes[3] = (uint8_t)lie;
		assert_int_equal(pfcp_header_read(bytes, length, &heard),
				 lie + 4 < 16 || lie + 4 > length ? -EBADMSG : 0);
	}
}

static void other_versions(void **state)
{
	const struct pfcp_header said = { .type = 1, .sequence = 77 };
	size_t length = heartbeat(&said);
	struct pfcp_header heard;

	for (unsigned version = 0; version < 8; version++) {
		bytes[0] = (uint8_t)(version << 5);
		assert_int_equal(pfcp_header_read(bytes, length, &heard), version == 1 ? 0 : -EPROTONOSUPPORT);
		assert_int_equal(heard.sequence, 77);
	}
}

static char *text_of(const uint8_t *datagram, size_t length, int *error)
{
	static struct pfcp_tree tree;
	static char text[1 << 20];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	*error = pfcp_print(out, datagram, length, &tree);
	fclose(out);
	return text;
}

static void several_in_a_datagram(void **state)
{
	const struct pfcp_header first = { .type = 1, .sequence = 1, .follows = true },
				 second = { .type = 2, .sequence = 2 };
	uint8_t both[64];
	size_t length = heartbeat(&first);
	int error;

	memcpy(both, bytes, length);
	memcpy(both + length, bytes, heartbeat(&second));
	assert_string_equal(text_of(both, 2 * length, &error),
			    "Heartbeat Request, sequence 1, 16 bytes\n  Recovery Time Stamp: 3758096384\n"
			    "Heartbeat Response, sequence 2, 16 bytes\n  Recovery Time Stamp: 3758096384\n");
	assert_int_equal(error, 0);
	text_of(both, 2 * length - 1, &error);
	assert_int_equal(error, -EBADMSG);
}

// Nothing that a peer can write reaches a terminal but as printable characters.
static void text_is_harmless(void **state)
{
	static const char escape[] = "a\x1b[2Jb\"\\";
	const struct pfcp_header header = { .type = PFCP_PFD_MANAGEMENT_REQUEST };
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	uint8_t *message, *pfds;
	int error;

	pfcp_message_begin(&writer, &header, &message);
	pfcp_begin(&writer, PFCP_IE_APPLICATION_IDS_PFDS, &pfds);
	pfcp_put_text(&writer, PFCP_IE_APPLICATION_ID, escape);
	pfcp_end(&writer, pfds);
	pfcp_message_end(&writer, message);
	assert_string_equal(text_of(bytes, (size_t)(writer.at - bytes), &error),
			    "PFD Management Request, sequence 0, 24 bytes\n"
			    "  Application ID's PFDs:\n"
			    "    Application ID: \"a\\x1b[2Jb\\x22\\x5c\"\n");
	assert_int_equal(error, 0);
}

// All of the table as text, whole and cut anywhere; what is said is said in lines.
static void everything_has_a_text(void **state)
{
	uint64_t seed = 5;
	int error;

	for (unsigned type = 0; type < PFCP_MESSAGE_TYPES; type++) {
		const struct pfcp_header header = { .type = (uint8_t)type, .has_seid = pfcp_messages[type].of_session };
		static uint8_t message[65535 + 20];
		struct pfcp_writer writer = pfcp_writer_over(message, sizeof(message));
		uint8_t *mark;
		size_t length;

		if (!pfcp_messages[type].name)
			continue;
		pfcp_message_begin(&writer, &header, &mark);
		pfcp_make_children(&writer, PFCP_MESSAGE(type), PFCP_FILL_ALL, 0, &seed);
		pfcp_message_end(&writer, mark);
		length = (size_t)(writer.at - message);
		assert_false(writer.full);
		assert_null(strstr(text_of(message, length, &error), "unknown IE"));
		assert_int_equal(error, 0);
		for (size_t cut = 0; cut < length; cut += 1 + length / 100) {
			text_of(message, cut, &error);
			assert_int_equal(error, -EBADMSG);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_with_all_flags), cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(other_versions),         cmocka_unit_test(several_in_a_datagram),
		cmocka_unit_test(text_is_harmless),       cmocka_unit_test(everything_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

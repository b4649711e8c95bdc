// test_pfcp_table.c - every message, group and IE of ie.table: written, read and written again; short, missing, repeated, strange.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "ctrl/pfcp/codec/ie_get.h"
#include "ctrl/pfcp/codec/ie_table.h"
#include "ctrl/pfcp/codec/ie_write.h"
#include "shared/wire/cursor.h"
#include "tests/unit/pfcp_make.h"

static struct pfcp_tree tree;
static struct pfcp_fault fault;
static uint8_t bytes[65535], again[65535];

typedef void visitor(unsigned group, const struct pfcp_kind *kind, uint64_t *seed);

static void groups_visit(visitor *visit)
{
	uint64_t seed = 1;

	for (unsigned group = 0; group < PFCP_MESSAGE(PFCP_MESSAGE_TYPES); group++) {
		const struct pfcp_kind *kind = pfcp_kind(group);

		if (kind && kind->shape == PFCP_SHAPE_GROUP)
			visit(group, kind, &seed);
	}
}

static size_t written(const struct pfcp_writer *writer)
{
	assert_false(writer->full);
	return (size_t)(writer->at - writer->start);
}

static size_t group_make(unsigned group, enum pfcp_fill fill, unsigned without, uint64_t *seed)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	pfcp_make_children(&writer, group, fill, without, seed);
	return written(&writer);
}

static void read_again(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	for (unsigned round = 0; round < 20; round++) {
		size_t length = group_make(group, round % 2 ? PFCP_FILL_ALL : PFCP_FILL_MANDATORY, 0, seed);
		struct pfcp_writer writer = pfcp_writer_over(again, sizeof(again));

		if (pfcp_read(group, bytes, length, &tree, &fault))
			fail_msg("%s: %s", kind->name, fault.text);
		for (const struct pfcp_ie *ie = pfcp_child(&tree, NULL); ie; ie = pfcp_next(&tree, ie))
			pfcp_copy(&writer, ie);
		assert_int_equal(written(&writer), length);
		assert_memory_equal(again, bytes, length);
	}
}

// Whatever its place, each IE of the table has a group or message that holds it.
static void all_have_a_place(void **state)
{
	bool placed[PFCP_IE_TYPES] = { false };

	for (unsigned group = 0; group < PFCP_MESSAGE(PFCP_MESSAGE_TYPES); group++) {
		const struct pfcp_kind *kind = pfcp_kind(group);

		for (unsigned i = 0; kind && i < kind->children_count; i++)
			placed[kind->children[i].type] = true;
	}
	for (unsigned type = 0; type < PFCP_IE_TYPES; type++)
		if (pfcp_kind(type) && !placed[type])
			fail_msg("%s stands nowhere", pfcp_kind(type)->name);
}

static void groups_are_read_and_written(void **state)
{
	groups_visit(read_again);
}

static void missing_one_by_one(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	for (unsigned i = 0; i < kind->children_count; i++) {
		size_t length = group_make(group, PFCP_FILL_MANDATORY, kind->children[i].type, seed);

		if (kind->children[i].presence != PFCP_M)
			continue;
		assert_int_equal(pfcp_read(group, bytes, length, &tree, &fault), -EPROTO);
		assert_int_equal(fault.cause, PFCP_CAUSE_MANDATORY_MISSING);
		assert_int_equal(fault.offending, kind->children[i].type);
	}
}

static void each_mandatory_is_missed(void **state)
{
	groups_visit(missing_one_by_one);
}

static void cut_everywhere(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	size_t length = group_make(group, PFCP_FILL_ALL, 0, seed), at = 0;
	uint8_t *end = bytes + sizeof(bytes);

	if (length > 2000)
		length = 2000;
	memmove(end - length, bytes, length);
	for (size_t cut = 0; cut < length; cut++) {
		bool whole = cut == at; // between two IEs
		int error = pfcp_read(group, end - length, cut, &tree, &fault);

		if (whole)
			at += 4u + be16_get(end - length + at + 2);
		assert_true(!error || error == -EPROTO);
		if (!whole)
			assert_int_equal(error, -EPROTO);
		if (error)
			assert_true(fault.cause == (whole ? PFCP_CAUSE_MANDATORY_MISSING : PFCP_CAUSE_INVALID_LENGTH) ||
				    fault.cause == PFCP_CAUSE_MANDATORY_MISSING);
	}
}

static void each_is_cut_at_every_byte(void **state)
{
	groups_visit(cut_everywhere);
}

// The mandatory ones and, in front of them, one whose value has `length` bytes of `fill`.
static size_t odd_make(unsigned group, unsigned type, size_t length, uint64_t *seed)
{
	static uint8_t value[2048];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	memset(value, 0x41, sizeof(value));
	assert_true(length <= sizeof(value));
	pfcp_put_bytes(&writer, type, value, length);
	pfcp_make_children(&writer, group, PFCP_FILL_MANDATORY, type, seed);
	return written(&writer);
}

static void too_short_or_long(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	for (unsigned i = 0; i < kind->children_count; i++) {
		unsigned type = kind->children[i].type;
		const struct pfcp_kind *child = pfcp_kind(type);
		size_t lengths[] = { child->least ? child->least - 1u : 0, child->most < 2000 ? child->most + 1u : 0 };

		for (unsigned j = 0; j < 2; j++) {
			bool wrong = lengths[j] < child->least || lengths[j] > child->most;

			if (!wrong)
				continue;
			assert_int_equal(
			    pfcp_read(group, bytes, odd_make(group, type, lengths[j], seed), &tree, &fault), -EPROTO);
			assert_int_equal(fault.cause, PFCP_CAUSE_INVALID_LENGTH);
			assert_int_equal(fault.offending, type);
		}
	}
}

static void each_has_its_lengths(void **state)
{
	groups_visit(too_short_or_long);
}

// A second one, broken, behind each that may come once: ignored. Where several may come it counts.
static void repeat(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	for (unsigned i = 0; i < kind->children_count; i++) {
		const struct pfcp_child *child = &kind->children[i];
		struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
		unsigned least = pfcp_kind(child->type)->least;
		int error;

		if (!least)
			continue;
		pfcp_make_ie(&writer, child->type, PFCP_FILL_MANDATORY, 0, seed);
		pfcp_make_children(&writer, group, PFCP_FILL_MANDATORY, child->type, seed);
		pfcp_put_bytes(&writer, child->type, "", 0);
		error = pfcp_read(group, bytes, written(&writer), &tree, &fault);
		assert_int_equal(error, child->many ? -EPROTO : 0);
		if (!error)
			assert_true(pfcp_first(&tree, NULL, child->type)->length >= least);
	}
}

static void of_one_that_may_come_once_the_first_counts(void **state)
{
	groups_visit(repeat);
}

// IEs nobody knows, a vendor's, and one that does not belong there, each of them broken inside.
static void strangers_come(unsigned group, const struct pfcp_kind *kind, uint64_t *seed)
{
	static const uint8_t vendor[] = { 0x48, 0xf9, 1, 2, 3 };
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	pfcp_put_bytes(&writer, 0, "x", 1);
	pfcp_put_bytes(&writer, PFCP_VENDOR - 1, "x", 1);
	pfcp_put_bytes(&writer, PFCP_VENDOR | 56, vendor, sizeof(vendor));
	pfcp_put_bytes(&writer, PFCP_IE_CREATE_SRR == group ? PFCP_IE_CREATE_PDR : PFCP_IE_SRR_ID, "", 0);
	pfcp_make_children(&writer, group, PFCP_FILL_MANDATORY, 0, seed);
	if (pfcp_read(group, bytes, written(&writer), &tree, &fault)) {
		assert_int_equal(fault.offending, PFCP_IE_SRR_ID); // where it does belong
		return;
	}
	assert_int_equal(pfcp_first(&tree, NULL, PFCP_VENDOR | 56)->vendor, 0x48f9);
	assert_int_equal(pfcp_first(&tree, NULL, PFCP_VENDOR | 56)->length, 3);
	pfcp_put_bytes(&writer, PFCP_VENDOR | 1, "", 1);
	assert_int_equal(pfcp_read(group, bytes, written(&writer), &tree, &fault), -EPROTO);
	assert_int_equal(fault.cause, PFCP_CAUSE_INVALID_LENGTH);
}

static void strangers_are_let_be(void **state)
{
	groups_visit(strangers_come);
}

static void tree_has_an_end(void **state)
{
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));

	for (unsigned i = 1; i < PFCP_IES; i++)
		pfcp_put_bytes(&writer, PFCP_VENDOR - 1, "", 0);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_DELETION_REQUEST), bytes, written(&writer), &tree, &fault),
			 0);
	pfcp_put_bytes(&writer, PFCP_VENDOR - 1, "", 0);
	assert_int_equal(pfcp_read(PFCP_MESSAGE(PFCP_SESSION_DELETION_REQUEST), bytes, written(&writer), &tree, &fault),
			 -EPROTO);
	assert_int_equal(fault.cause, PFCP_CAUSE_NO_RESOURCES);
}

static void not_a_group(void **state)
{
	const unsigned strange[] = {
		0, PFCP_IE_PDR_ID, PFCP_IE_TYPES, PFCP_MESSAGE(0), PFCP_MESSAGE(18), PFCP_MESSAGE(255), UINT32_MAX
	};

	for (unsigned i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		assert_int_equal(pfcp_read(strange[i], bytes, 0, &tree, &fault), -EPROTO);
		assert_int_equal(fault.cause, PFCP_CAUSE_SERVICE_NOT_SUPPORTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_have_a_place),
		cmocka_unit_test(groups_are_read_and_written),
		cmocka_unit_test(each_mandatory_is_missed),
		cmocka_unit_test(each_is_cut_at_every_byte),
		cmocka_unit_test(each_has_its_lengths),
		cmocka_unit_test(of_one_that_may_come_once_the_first_counts),
		cmocka_unit_test(strangers_are_let_be),
		cmocka_unit_test(tree_has_an_end),
		cmocka_unit_test(not_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

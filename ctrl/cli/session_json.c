// session_json.c - a session as a JSON object, and back. Pure but for the memory it returns; one thread.
#include "ctrl/cli/session_json.h"

#include <stdio.h>
#include <string.h>

#include "ctrl/cli/rules.h"

static const char *const given_keys[] = { "id",         "teid",    "gtpu_ipv4", "shard",       "slot",
					  "created_ms", "applied", "usage",     "quarantined", NULL };

bool session_json_passed_over(const char *key)
{
	for (const char *const *given = given_keys; *given; given++)
		if (!strcmp(*given, key))
			return true;
	return false;
}

static json_t *usage_json(const Shoal__Oss__Usage *usage)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "uplink_packets", (json_int_t)usage->uplink_packets,
			 "uplink_bytes", (json_int_t)usage->uplink_bytes, "downlink_packets",
			 (json_int_t)usage->downlink_packets, "downlink_bytes", (json_int_t)usage->downlink_bytes,
			 "red_packets", (json_int_t)usage->red_packets, "at_ms", (json_int_t)usage->at_ms);
}

static void put_given(json_t *object, const Shoal__Oss__Session *session)
{
	json_object_set_new(object, "id", json_integer((json_int_t)session->id));
	json_object_set_new(object, "teid", json_integer(session->teid));
	json_object_set_new(object, "gtpu_ipv4", json_string(units_ipv4(session->gtpu_ipv4).text));
	json_object_set_new(object, "shard", json_integer(session->shard));
	json_object_set_new(object, "slot", json_integer(session->slot));
	json_object_set_new(object, "created_ms", json_integer((json_int_t)session->created_ms));
	json_object_set_new(object, "applied", json_boolean(session->applied));
	json_object_set_new(object, "quarantined", json_boolean(session->quarantined));
	if (session->owner[0])
		json_object_set_new(object, "owner", json_string(session->owner));
	if (session->usage)
		json_object_set_new(object, "usage", usage_json(session->usage));
}

json_t *session_json(const Shoal__Oss__Session *session)
{
	json_t *object = json_object();
	char text[NETWORKS_TEXT];
	uint64_t number = 0;

	for (const struct row_field *field = row_fields; field->name; field++) {
		if (!row_get(session, field, text, sizeof(text)))
			continue;
		if (field->number && !units_parse_number(text, INT64_MAX, &number))
			json_object_set_new(object, field->name, json_integer((json_int_t)number));
		else
			json_object_set_new(object, field->name, json_string(text));
	}
	if (!session->bearer) // the short form says it all; rules beside it are what it stands for
		rules_write(session, object);
	put_given(object, session);
	return object;
}

static bool read_member(struct row *row, const char *key, const json_t *value, struct row_fault *fault)
{
	const struct row_field *field = row_find(key);
	char room[24];
	const char *word, *why;

	if (!field && rules_key(key))
		return rules_read(row, key, value, fault);
	if (json_is_null(value) || (!field && session_json_passed_over(key)))
		return true;
	if (!field && !strcmp(key, "owner")) {
		row_fault(fault, key, NULL, "is a front end, which makes its sessions itself");
		return false;
	}
	if (!field) {
		row_fault(fault, units_quote(key).text, NULL, "is no field of a session");
		return false;
	}
	word = rules_word(value, room);
	why = word ? row_set(row, field, word) : "is neither text nor a whole number";
	if (why)
		row_fault(fault, field->name, word, why);
	return !why;
}

bool session_json_read(struct row *row, const char *text, size_t length, struct row_fault *fault)
{
	json_error_t error;
	json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	const char *key;
	json_t *value;
	bool good = true;

	if (!json_is_object(object)) {
		row_fault(fault, "", NULL, object ? "is not a JSON object" : units_quote(error.text).text);
		json_decref(object);
		return false;
	}
	json_object_foreach(object, key, value)
	{
		good = read_member(row, key, value, fault);
		if (!good)
			break;
	}
	json_decref(object);
	return good && row_check(row, fault);
}

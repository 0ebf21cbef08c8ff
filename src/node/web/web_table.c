#include "node/web/web_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/base/memory.h"

#define HEAD                                                                             \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"            \
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"         \
    "<title>Workpeer: state</title>\n"                                                   \
    "<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"page.css\">\n" \
    "</head>\n<body>\n<main>\n<h1>Workpeer</h1>\n<p><a href=\"table\">Read it again</a></p>\n"

static void
put (struct evbuffer *output, const char *text)
{
    memory_require (evbuffer_add (output, text, strlen (text)) == 0);
}

static void
put_escaped (struct evbuffer *output, const char *text)
{
    static const char special[] = "&<>\"";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;"};

    while (*text != '\0') {
        const size_t plain = strcspn (text, special);

        memory_require (evbuffer_add (output, text, plain) == 0);
        text += plain;
        if (*text != '\0') {
            put (output, entities[strchr (special, *text) - special]);
            text++;
        }
    }
}

static void
put_value (struct evbuffer *output, const json_t *value)
{
    const char *const text = json_string_value (value);
    char *dumped;

    if (text != NULL) {
        put_escaped (output, text);
        return;
    }
    dumped = memory_need (json_dumps (value, JSON_ENCODE_ANY));
    put_escaped (output, dumped);
    free (dumped);
}

static void
put_cell (struct evbuffer *output, const json_t *value)
{
    put (output, "<td>");
    put_value (output, value);
    put (output, "</td>");
}

static void
put_heading (struct evbuffer *output, const char *scope, const char *text)
{
    memory_require (evbuffer_add_printf (output, "<th scope=\"%s\">", scope) > 0);
    put_escaped (output, text);
    put (output, "</th>");
}

static void
begin_table (struct evbuffer *output, const char *name)
{
    put (output, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    put_escaped (output, name);
    put (output, "\"><table>\n<caption>");
    put_escaped (output, name);
    put (output, "</caption>\n");
}

static void
end_table (struct evbuffer *output)
{
    put (output, "</table></div>\n");
}

/* What is a table of its own, or nothing to be shown. */
static bool
is_apart (const json_t *value)
{
    return json_is_array (value) || json_is_object (value) || json_string_length (value) == 0;
}

static void
put_object (struct evbuffer *output, const char *name, json_t *object)
{
    const char *key;
    json_t *value;

    begin_table (output, name);
    json_object_foreach (object, key, value)
    {
        if (!is_apart (value)) {
            put (output, "<tr>");
            put_heading (output, "row", key);
            put_cell (output, value);
            put (output, "</tr>\n");
        }
    }
    end_table (output);
}

/* Objects that all have the first one's fields. */
static void
put_objects (struct evbuffer *output, const char *name, const json_t *array)
{
    const char *key;
    json_t *value;
    json_t *row;
    size_t index;

    begin_table (output, name);
    put (output, "<tr>");
    json_object_foreach (json_array_get (array, 0), key, value)
    {
        put_heading (output, "col", key);
    }
    put (output, "</tr>\n");
    json_array_foreach (array, index, row)
    {
        put (output, "<tr>");
        json_object_foreach (row, key, value)
        {
            put_cell (output, value);
        }
        put (output, "</tr>\n");
    }
    end_table (output);
}

void
web_table_print (json_t *state, struct evbuffer *output)
{
    const char *key;
    json_t *value;

    put (output, HEAD);
    put_object (output, "state", state);
    json_object_foreach (state, key, value)
    {
        if (json_is_object (json_array_get (value, 0))) {
            put_objects (output, key, value);
        } else if (json_object_size (value) > 0) {
            put_object (output, key, value);
        }
    }
    put (output, "</main>\n</body>\n</html>\n");
}

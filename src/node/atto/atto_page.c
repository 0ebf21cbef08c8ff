#include "node/atto/atto_page.h"

#include <event2/buffer.h>
#include <stddef.h>

#include "node/atto/atto_files.h"
#include "rpc/base/memory.h"
#include "rpc/server/request.h"

/* The page may use what is served beside it, and nothing else, from anywhere. */
#define POLICY                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'"

static void
reply_file (struct request *request, const char *type, const char *bytes, size_t size)
{
    struct evbuffer *body = memory_need (evbuffer_new ());

    memory_require (evbuffer_add_reference (body, bytes, size, NULL, NULL) == 0);
    request_add_header (request, "Content-Security-Policy", POLICY);
    request_add_header (request, "X-Content-Type-Options", "nosniff");
    request_add_header (request, "Referrer-Policy", "no-referrer");
    request_add_header (request, "Cache-Control", "no-cache");
    request_reply (request, 200, type, body);
    evbuffer_free (body);
}

static void
get_page (void *context, struct request *request)
{
    (void)context;
    reply_file (request, "text/html; charset=utf-8", atto_page_html, atto_page_html_size);
}

static void
get_script (void *context, struct request *request)
{
    (void)context;
    reply_file (request, "text/javascript; charset=utf-8", atto_page_js, atto_page_js_size);
}

static void
get_style (void *context, struct request *request)
{
    (void)context;
    reply_file (request, "text/css; charset=utf-8", atto_page_css, atto_page_css_size);
}

static void
get_description (void *context, struct request *request)
{
    (void)context;
    reply_file (request, "application/json", atto_openapi_json, atto_openapi_json_size);
}

const struct route atto_page_routes[] = {
    {ROUTE_GET, "/", false, get_page, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.js", false, get_script, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.css", false, get_style, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/openapi.json", true, get_description, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

#include "node/atto/atto_page.h"

#include <event2/buffer.h>
#include <stddef.h>

#include "node/atto/atto_files.h"
#include "rpc/server/request.h"

/* The page may use what is served beside it, and nothing else, from anywhere. */
#define POLICY                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'"

static void
reply_file (struct request *request, const char *type, const char *bytes, size_t size)
{
    struct evbuffer *body = evbuffer_new ();

    if (body == NULL || evbuffer_add_reference (body, bytes, size, NULL, NULL) != 0 ||
        request_add_header (request, "Content-Security-Policy", POLICY) != 0 ||
        request_add_header (request, "X-Content-Type-Options", "nosniff") != 0 ||
        request_add_header (request, "Referrer-Policy", "no-referrer") != 0 ||
        request_add_header (request, "Cache-Control", "no-cache") != 0) {
        request_reply_error (request, 503, "Out of memory");
    } else {
        request_reply (request, 200, type, body);
    }
    if (body != NULL) {
        evbuffer_free (body);
    }
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
    {ROUTE_GET, "/", false, get_page},          {ROUTE_GET, "/page.js", false, get_script},
    {ROUTE_GET, "/page.css", false, get_style}, {ROUTE_GET, "/openapi.json", true, get_description},
    {ROUTE_OTHER, NULL, false, NULL},
};

#include "node/web/web_page.h"

#include <event2/buffer.h>
#include <stddef.h>

#include "node/web/web_files.h"
#include "rpc/base/memory.h"

/* A page may use what is served beside it, and nothing else, from anywhere. */
#define POLICY                                                                 \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'"

#define HTML "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define STYLE "text/css; charset=utf-8"

void
web_page_add_headers (struct request *request)
{
    request_add_header (request, "Content-Security-Policy", POLICY);
    request_add_header (request, "X-Content-Type-Options", "nosniff");
    request_add_header (request, "Referrer-Policy", "no-referrer");
    request_add_header (request, "Cache-Control", "no-cache");
}

static void
reply_file (struct request *request, const char *type, const char *bytes, size_t size)
{
    struct evbuffer *body = memory_need (evbuffer_new ());

    memory_require (evbuffer_add_reference (body, bytes, size, NULL, NULL) == 0);
    web_page_add_headers (request);
    request_reply (request, 200, type, body);
    evbuffer_free (body);
}

static void
get_page (void *context, struct request *request)
{
    (void)context;
    request_add_header (request, "Vary", "Accept");
    reply_file (request, HTML, page_html, page_html_size);
}

static void
get_script (void *context, struct request *request)
{
    (void)context;
    reply_file (request, SCRIPT, page_js, page_js_size);
}

static void
get_style (void *context, struct request *request)
{
    (void)context;
    reply_file (request, STYLE, page_css, page_css_size);
}

static void
get_atto_page (void *context, struct request *request)
{
    (void)context;
    reply_file (request, HTML, atto_page_html, atto_page_html_size);
}

static void
get_atto_script (void *context, struct request *request)
{
    (void)context;
    reply_file (request, SCRIPT, atto_page_js, atto_page_js_size);
}

static void
get_atto_description (void *context, struct request *request)
{
    (void)context;
    reply_file (request, "application/json", atto_openapi_json, atto_openapi_json_size);
}

const struct route web_page_routes[] = {
    {ROUTE_PAGE, "/", false, get_page, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.js", false, get_script, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.css", false, get_style, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

const struct route web_page_atto_routes[] = {
    {ROUTE_GET, "/", false, get_atto_page, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.js", false, get_atto_script, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/page.css", false, get_style, ACCESS_RIGHT_NONE},
    {ROUTE_GET, "/openapi.json", true, get_atto_description, ACCESS_RIGHT_NONE},
    {ROUTE_OTHER, NULL, false, NULL, ACCESS_RIGHT_NONE},
};

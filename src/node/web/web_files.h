/*
 * The files of the pages, as bytes. The build makes web_files.c of them (embed.sh); constant data,
 * any thread.
 */
#ifndef NODE_WEB_FILES_H
#define NODE_WEB_FILES_H

#include <stddef.h>

extern const char page_html[];
extern const size_t page_html_size;
extern const char page_js[];
extern const size_t page_js_size;
extern const char page_css[];
extern const size_t page_css_size;
extern const char atto_page_html[];
extern const size_t atto_page_html_size;
extern const char atto_page_js[];
extern const size_t atto_page_js_size;
extern const char atto_openapi_json[];
extern const size_t atto_openapi_json_size;

#endif

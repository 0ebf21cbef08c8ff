#include "rpc/client/tls.h"

#include <arpa/inet.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "rpc/base/memory.h"

/* A tls is OpenSSL's own context, which counts who holds it. */

bool
tls_is_built_in (void)
{
    return true;
}

/* The text of OpenSSL's latest error; its queue is then empty. */
static const char *
take_error (void)
{
    const char *const text = ERR_reason_error_string (ERR_peek_last_error ());

    ERR_clear_error ();
    return text != NULL ? text : "OpenSSL does not say why";
}

static int
read_authorities (SSL_CTX *context, const char *file, char error[TLS_TEXT_SIZE])
{
    if (file[0] == '\0') {
        if (SSL_CTX_set_default_verify_paths (context) == 1) {
            return 0;
        }
        (void)snprintf (error, TLS_TEXT_SIZE, "the system's authorities cannot be read: %s",
                        take_error ());
        return -1;
    }
    if (SSL_CTX_load_verify_locations (context, file, NULL) == 1) {
        return 0;
    }
    (void)snprintf (error, TLS_TEXT_SIZE, "%.128s is not a PEM file of certificates: %s", file,
                    take_error ());
    return -1;
}

struct tls *
tls_new (const char *authorities, char error[TLS_TEXT_SIZE])
{
    static const unsigned char http_1_1[] = "\x08http/1.1";
    SSL_CTX *const context = SSL_CTX_new (TLS_client_method ());

    if (context == NULL) {
        (void)snprintf (error, TLS_TEXT_SIZE, "OpenSSL cannot be used: %s", take_error ());
        return NULL;
    }
    if (SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos (context, http_1_1, sizeof http_1_1 - 1) != 0) {
        (void)snprintf (error, TLS_TEXT_SIZE, "OpenSSL cannot be used: %s", take_error ());
        SSL_CTX_free (context);
        return NULL;
    }
    (void)SSL_CTX_set_options (context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify (context, SSL_VERIFY_PEER, NULL);
    if (read_authorities (context, authorities, error) != 0) {
        SSL_CTX_free (context);
        return NULL;
    }
    return (struct tls *)context;
}

struct tls *
tls_hold (struct tls *tls)
{
    if (tls != NULL) {
        memory_require (SSL_CTX_up_ref ((SSL_CTX *)tls) == 1);
    }
    return tls;
}

void
tls_release (struct tls *tls)
{
    SSL_CTX_free ((SSL_CTX *)tls);
}

/* The certificate has to be for this name or address; a name is also what the server is asked for
 * (SNI), which has no addresses (RFC 6066, section 3). */
static void
expect_host (SSL *secured, const char *host)
{
    struct in6_addr address;

    if (inet_pton (AF_INET, host, &address) == 1 || inet_pton (AF_INET6, host, &address) == 1) {
        memory_require (X509_VERIFY_PARAM_set1_ip_asc (SSL_get0_param (secured), host) == 1);
    } else {
        SSL_set_hostflags (secured, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        memory_require (SSL_set1_host (secured, host) == 1 &&
                        SSL_set_tlsext_host_name (secured, host) == 1);
    }
}

struct bufferevent *
tls_stream_new (struct tls *tls, struct event_base *base, int fd, const char *host)
{
    SSL *const secured = memory_need (SSL_new ((SSL_CTX *)tls));

    ERR_clear_error ();
    expect_host (secured, host);
    return memory_need (
        bufferevent_openssl_socket_new (base, fd, secured, BUFFEREVENT_SSL_CONNECTING, 0));
}

bool
tls_stream_untrusted (struct bufferevent *stream, char reason[TLS_TEXT_SIZE])
{
    SSL *const secured = bufferevent_openssl_get_ssl (stream);
    unsigned long error;
    long verdict;

    if (secured == NULL) {
        return false;
    }
    verdict = SSL_get_verify_result (secured);
    if (verdict != X509_V_OK) {
        (void)snprintf (reason, TLS_TEXT_SIZE, "its certificate is not trusted: %s",
                        X509_verify_cert_error_string (verdict));
        return true;
    }
    /* Among OpenSSL's errors are plain SSL_ERROR_ numbers, which belong to no library. */
    while ((error = bufferevent_get_openssl_error (stream)) != 0) {
        const char *const text = ERR_reason_error_string (error);

        if (ERR_GET_LIB (error) == ERR_LIB_SSL &&
            ERR_GET_REASON (error) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
            (void)snprintf (reason, TLS_TEXT_SIZE, "no TLS connection: %s",
                            text != NULL ? text : "OpenSSL does not say why");
            return true;
        }
    }
    return false;
}

void *
tls_stream_close (struct bufferevent *stream)
{
    SSL *const secured = bufferevent_openssl_get_ssl (stream);

    if (secured != NULL && SSL_is_init_finished (secured)) {
        ERR_clear_error ();
        (void)SSL_shutdown (secured);
        ERR_clear_error ();
    }
    return secured;
}

void
tls_stream_end (void *secured)
{
    SSL_free (secured);
}

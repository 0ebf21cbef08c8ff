/*
 * The process that the node is: whom it runs as, and what the kernel refuses it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/base/log.h"
#include "node/base/ownership.h"
#include "node/daemon/node_internal.h"
#include "node/system/confinement.h"

/* As root: the ports that whoever it becomes may not have. */
static void
reserve_ports (struct node *node)
{
    const struct config *const config = node->actions.config;

    listening_reserve (&node->ports, &config->rpc_address, (uint16_t)config->rpc_port);
    if (config->management_port_set) {
        listening_reserve (&node->ports, &config->management_address,
                           (uint16_t)config->management_port);
    }
    if (config->atto_enable) {
        listening_reserve (&node->ports, &config->atto_address,
                           (uint16_t)config->atto_management_port);
        listening_reserve (&node->ports, &config->atto_address, (uint16_t)config->atto_port);
    }
}

int
node_settle (struct node *node, const char *pid_file, char error[NODE_ERROR_SIZE])
{
    const struct config *const config = node->actions.config;
    char reason[PRIVILEGES_TEXT_SIZE];
    int failed;

    if (privileges_plan (config->daemon_user, config->daemon_group, privileges_now (), &node->plan,
                         reason) != 0) {
        (void)snprintf (error, NODE_ERROR_SIZE, "%s", reason);
        return -1;
    }
    if (node->plan.act == PRIVILEGES_DROP) {
        reserve_ports (node);
    }
    if (pid_file != NULL) {
        node->pid_file = pid_file_new (pid_file, error, NODE_ERROR_SIZE);
        if (node->pid_file == NULL) {
            return -1;
        }
    }
    failed = node->plan.act == PRIVILEGES_DROP && privileges_drop (&node->plan, reason) != 0;
    if (failed) {
        (void)snprintf (error, NODE_ERROR_SIZE, "cannot switch to %s (daemon.user): %s",
                        config->daemon_user, reason);
    }
    return failed ? -1 : 0;
}

/* Those that devices are opened by, among others. */
static void
print_groups (char *text, size_t size)
{
    gid_t groups[64];
    const int count = getgroups (sizeof groups / sizeof groups[0], groups);
    size_t used = 0;

    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf (text + used, size - used, " %u", (unsigned)groups[i]);
    }
}

/* A file that root could read, and that the next SIGHUP cannot. */
static void
check_file (const char *data_path, const char *name)
{
    char path[PATH_MAX];
    char user[OWNERSHIP_USER_SIZE];

    if ((size_t)snprintf (path, sizeof path, "%s/%s", data_path, name) < sizeof path &&
        access (path, R_OK) != 0 && errno == EACCES) {
        ownership_user (user);
        log_warn ("%s cannot be reloaded at SIGHUP: %s has no access; give the file that user's "
                  "group and mode 0640",
                  path, user);
    }
}

static void
log_user (const struct node *node, const struct config_sources *sources)
{
    const struct privileges_plan *const plan = &node->plan;
    char groups[512];

    if (plan->act == PRIVILEGES_STAY_ROOT) {
        log_warn ("The daemon runs as root and does not need to: set daemon.user, or start it as "
                  "another user; daemon.user = \"root\" accepts this");
    } else if (plan->act == PRIVILEGES_DROP) {
        print_groups (groups, sizeof groups);
        log_info ("Running as user %s (%u), group %u, groups%s; root is dropped",
                  node->actions.config->daemon_user, (unsigned)plan->user.uid, (unsigned)plan->gid,
                  groups);
        check_file (sources->data_path, "config-node.toml");
        check_file (sources->data_path, "config-rpc.toml");
    }
}

static void
put_up_floor (struct node *node)
{
    const bool no_programs = !node->actions.config->opencl_enable;
    char error[CONFINEMENT_TEXT_SIZE];
    int refused;

    if (privileges_allow_no_new () != 0) {
        log_warn ("Not confined: cannot forbid new privileges: %s", strerror (errno));
        return;
    }
    if (!confinement_is_built_in ()) {
        log_info ("Confined: no new privileges; this program was built without the list of blocked "
                  "system calls");
        return;
    }
    refused = confinement_put_up (no_programs, error);
    if (refused < 0) {
        log_warn ("Confined: no new privileges; the system does not accept the list of blocked "
                  "system calls: %s",
                  error);
        return;
    }
    node->no_programs = no_programs;
    log_info ("Confined: no new privileges, system calls blocked: %d%s (daemon.confine)", refused,
              no_programs ? ", no programs can be started" : "");
}

void
node_confine (struct node *node, const struct config_sources *sources)
{
    log_user (node, sources);
    if (node->actions.config->daemon_confine) {
        put_up_floor (node);
    } else {
        log_info ("Not confined: daemon.confine is false");
    }
}

/*
 * Where the configuration is when nobody says: the user's data directory. Not for two threads at
 * once: the environment and the password file are the process's.
 */
#ifndef NODE_DATA_PATH_H
#define NODE_DATA_PATH_H

/*
 * $XDG_DATA_HOME/workpeer, else .local/share/workpeer under $HOME, else under the user's home
 * directory; variables that hold no absolute path are passed over. The caller frees it. NULL, with
 * a static message in `*error`, when no home directory is known.
 */
char *data_path_default (const char **error);

#endif

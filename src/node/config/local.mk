libnode_la_SOURCES += \
	%D%/config.c %D%/config.h \
	%D%/config_access.c \
	%D%/config_daemon.c \
	%D%/config_generate.c \
	%D%/config_keys.c %D%/config_keys.h \
	%D%/config_list.c \
	%D%/config_node.c \
	%D%/config_override.c %D%/config_override.h \
	%D%/config_peers.c \
	%D%/config_report.c %D%/config_report.h \
	%D%/config_scalar.c \
	%D%/config_server.c \
	%D%/config_store.c \
	%D%/config_table.c %D%/config_table.h \
	%D%/config_type.c %D%/config_type.h \
	%D%/options.c %D%/options.h \
	%D%/options_table.c %D%/options_table.h

# The one file in C++.

libtoml_la_SOURCES = %D%/toml.cpp %D%/toml.h
EXTRA_DIST += %D%/README.md %D%/may_include

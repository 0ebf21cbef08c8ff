libnode_la_SOURCES += \
	%D%/access_config.c %D%/access_config.h \
	%D%/descriptors.c %D%/descriptors.h \
	%D%/node.c %D%/node.h %D%/node_internal.h \
	%D%/node_process.c \
	%D%/node_reload.c \
	%D%/node_servers.c \
	%D%/node_settings.c %D%/node_settings.h \
	%D%/node_tls.c %D%/node_tls.h \
	%D%/reload.c %D%/reload.h
EXTRA_DIST += %D%/README.md %D%/may_include

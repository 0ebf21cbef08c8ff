libnode_la_SOURCES += \
	%D%/action_benchmark.c \
	%D%/action_generate.c \
	%D%/action_precache.c \
	%D%/action_status.c \
	%D%/action_store.c \
	%D%/action_validate.c \
	%D%/actions.c %D%/actions.h \
	%D%/block.c %D%/block.h \
	%D%/callback.c \
	%D%/fields.c %D%/fields.h
EXTRA_DIST += %D%/README.md %D%/may_include

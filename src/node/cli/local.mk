libnode_la_SOURCES += \
	%D%/client.c %D%/client.h \
	%D%/client_key.c %D%/client_key.h \
	%D%/command.c %D%/command.h \
	%D%/command_bench.c \
	%D%/command_status.c \
	%D%/command_work.c \
	%D%/finder.c %D%/finder.h \
	%D%/key_command.c \
	%D%/screen.c %D%/screen.h \
	%D%/status_view.c %D%/status_view.h
EXTRA_DIST += %D%/README.md %D%/may_include

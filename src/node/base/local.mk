libnode_la_SOURCES += \
	%D%/log.c %D%/log.h \
	%D%/log_line.c %D%/log_line.h \
	%D%/nearest.c %D%/nearest.h \
	%D%/ownership.c %D%/ownership.h \
	%D%/process.c %D%/process.h \
	%D%/readable.c %D%/readable.h \
	%D%/system_user.c %D%/system_user.h \
	%D%/table.c %D%/table.h \
	%D%/text_list.h
EXTRA_DIST += %D%/embed.sh
EXTRA_DIST += %D%/README.md %D%/may_include

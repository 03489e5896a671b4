# A shell and a web server to try things with: busybox httpd -f -p 8080 -h /www
FROM scratch
COPY busybox /bin/busybox
COPY busybox /bin/sh
ENV PATH=/bin
CMD ["/bin/sh"]

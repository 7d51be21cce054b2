"""What people write into configurations, mistakes and things that only look like one, by the block it is put
into.

nginx decides which of them are mistakes. ``PKI/`` names what scenarios have, ``/pki/`` the catalogue;
``%N`` becomes a number, so that what is planted twice does not collide by name alone.
"""

PLAIN_PEM = (
    "/pki/no-such-file.pem", "/pki/empty.pem", "/pki/garbage.pem", "/pki/key-only.pem", "/pki/server.pem",
    "/pki/ca.der", "/pki/broken.pem", "/pki/indented.pem", "/pki/csr.pem", "/pki/lfs.pem", "/pki/crl.pem",
    "/pki/ca-with-crl.pem", "/pki/trusted.pem", "/pki/two-roots.pem", "/pki/duplicate-root.pem",
    "/pki/weak-rsa.pem", "/pki/sha1.pem", "/pki", "/pki/no-such-directory/ca.pem",
)  # fmt: skip
KEYS = (
    "/pki/no-such.key", "/pki/empty.pem", "/pki/garbage.pem", "/pki/server.pem", "/pki/encrypted.key",
    "/pki/rsa.key", "/pki/expired.key", "/pki/traditional.key", "/pki/server.key", "/pki/ed25519.key", "/pki",
)  # fmt: skip
PAIR = "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key;"
CA = "ssl_client_certificate /pki/root.pem;"

FILES = (
    *(f"{CA} ssl_verify_client on; ssl_certificate {file}; ssl_certificate_key /pki/server.key;"
      for file in (*PLAIN_PEM, "/pki/server-chain-reversed.pem", "/pki/rsa.pem", "$ssl_server_name.pem")),
    *(f"ssl_certificate /pki/server.pem; ssl_certificate_key {key};" for key in (*KEYS, "/pki/$host.key")),
    *(f"ssl_client_certificate {file}; ssl_verify_client {mode};"
      for file in PLAIN_PEM for mode in ("on", "optional_no_ca", "off")),
    *(f"ssl_trusted_certificate {file};" for file in PLAIN_PEM),
    *(f"ssl_crl {file};" for file in (*PLAIN_PEM, "/pki/crl-expired.pem", "/pki/crl-delta.pem")),
    *(f"ssl_dhparam {file};" for file in ("/pki/no-such.pem", "/pki/server.pem", "/pki/empty.pem", '""')),
    *(f"{PAIR} ssl_password_file {file};"
      for file in ("/pki/no-such.txt", "/pki/empty.pem", "/pki/passwords.txt", '""', "/pki")),
    *(f"ssl_certificate /pki/server.pem; ssl_certificate_key /pki/encrypted.key; ssl_password_file {file};"
      for file in ("/pki/no-such.txt", "/pki/empty.pem", "/pki/passwords.txt", "/pki/wrong-passwords.txt")),
    *(f"ssl_session_ticket_key {file};"
      for file in ("/pki/ticket.key", "/pki/empty.pem", "/pki/root.pem", "/pki/no-such.key", "/pki")),
    "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; ssl_certificate /pki/rsa.pem;"
    " ssl_certificate_key /pki/rsa.key;",
    "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/rsa.key; ssl_certificate /pki/rsa.pem;"
    " ssl_certificate_key /pki/server.key;",
    "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; ssl_certificate /pki/rsa.pem;",
    "ssl_certificate /pki/server.pem; ssl_certificate_key /pki/server.key; ssl_certificate_key /pki/rsa.key;",
    "ssl_certificate /pki/weak-rsa.pem; ssl_certificate_key /pki/weak-rsa.key;",
    "ssl_certificate /pki/weak-rsa.pem; ssl_certificate_key /pki/weak-rsa.key; ssl_ciphers DEFAULT@SECLEVEL=0;",
    "ssl_certificate /pki/sha1.pem; ssl_certificate_key /pki/sha1.key;",
    "ssl_stapling on; ssl_stapling_file /pki/no-such.der;",
    "ssl_stapling on; ssl_stapling_verify on;",
    "auth_basic_user_file /no/such/file;",
    "root /no/such/directory;",
    "access_log /no/such/directory/access.log;",
    "error_log /no/such/directory/error.log;",
    "proxy_ssl_trusted_certificate /pki/no-such-file.pem;",
    "proxy_ssl_verify on;",
    "include no-such-file.conf;",
    "include no-such-*.conf;",
)  # fmt: skip

MODES = (
    *(f'ssl_client_certificate ""; ssl_verify_client {mode};'
      for mode in ("on", "optional", "optional_no_ca", "off", "ON")),
    *(f'ssl_client_certificate ""; ssl_trusted_certificate /pki/root.pem; ssl_verify_client {mode};'
      for mode in ("on", "optional")),
    *(f"{CA} ssl_verify_client {word};"
      for word in ("required", "true", "$mode", "yes", "optional-no-ca", "'on'", '""', "on off")),
    *(f"ssl_verify_depth {word};" for word in ("x", "-1", "1.5", "01", "99999999999", "$depth", '""', "1 2")),
    *(f"ssl_reject_handshake {word};" for word in ("on", "yes", "$on")),
    "ssl_reject_handshake on; ssl_verify_client on;",
    'ssl_client_certificate ""; ssl_reject_handshake on; ssl_verify_client on;',
    "ssl on;", "ssl off;", "http2 on;", "http3 on;", "http2 maybe;", "http2_max_concurrent_streams 10;",
    "ssl_verify_client on; ssl_verify_client optional;",
    "ssl_client_certificate /pki/root.pem; ssl_client_certificate /pki/root.pem;",
    "ssl_ocsp on;", "ssl_ocsp leaf;", "resolver 127.0.0.1; ssl_verify_client optional; ssl_ocsp on;",
    "resolver 127.0.0.1; ssl_verify_client optional_no_ca; ssl_ocsp on;",
    "resolver 127.0.0.1; ssl_verify_client on; ssl_ocsp on; ssl_ocsp_responder https://ocsp.test/;",
    "resolver 127.0.0.1; ssl_verify_client on; ssl_ocsp on; ssl_ocsp_responder http://127.0.0.1/;",
    "ssl_ocsp_responder ocsp.test;", "ssl_ocsp_cache shared:o%N:1m;", "ssl_ocsp_cache shared:o%N:1;",
    *(f"ssl_protocols {words};"
      for words in ("TLSv1.4", "TLSv1.2 TLSv1.3", "tlsv1.2", "SSLv2", "all", "TLSv1.2,TLSv1.3", "$protocols")),
    *(f"ssl_ciphers {words};"
      for words in ("HIGH:!aNULL", "NO-SUCH-CIPHER", "HIGH !aNULL", "'HIGH !aNULL'", "TLS_AES_128_GCM_SHA256",
                    "DEFAULT@SECLEVEL=9", "DEFAULT@SECLEVEL=1", '""', "!ALL", "ECDHE+AESGCM", "$ciphers",
                    "HIGH:NO-SUCH-CIPHER", "ALL:!ALL")),
    *(f"ssl_ecdh_curve {words};"
      for words in ("auto", "prime256v1", "X25519:prime256v1", "no-such-curve", "X25519,prime256v1", '""')),
    *(f"ssl_conf_command {words};"
      for words in ("NoSuchCommand x", "MinProtocol TLSv1.2", "MinProtocol TLSv9", "Options -SessionTicket",
                    "Options NoSuchOption", "Ciphersuites TLS_AES_128_GCM_SHA256", "Ciphersuites HIGH",
                    "CipherString NO-SUCH", "CipherString HIGH", "VerifyMode Peer", "VerifyMode Maybe",
                    "VerifyCAFile /pki/root.pem", "VerifyCAFile /pki/no-such-file.pem", "Protocol TLSv1.2",
                    "Groups X25519", "Groups no-such-group", "minprotocol TLSv1.2", "Curves P-256",
                    "Protocol -TLSv1.4", "SignatureAlgorithms ECDSA+SHA256", "SignatureAlgorithms x",
                    "DHParameters /pki/no-such-file.pem", "Certificate /pki/server.pem", "MinProtocol")),
    *(f"ssl_session_cache {words};"
      for words in ("shared:c%N:1m", "shared:c%N:1", "shared:c%N", "none", "off", "builtin:1000 shared:c%N:1m",
                    "memory", "shared:c%N:1g", "shared::1m")),
    "ssl_session_timeout 1x;", "ssl_session_timeout 1d;", "ssl_session_timeout 1h 1m;", "ssl_buffer_size 4q;",
    "ssl_buffer_size 4k;", "ssl_session_tickets maybe;", "ssl_early_data on;", "ssl_prefer_server_ciphers 1;",
)  # fmt: skip

SERVER = (
    "listen 127.0.0.1:PORT_a default_server;", "listen 127.0.0.1:PORT_b default_server;",
    "listen 127.0.0.1:PORT_a;", "listen 127.0.0.1:PORT_a ssl;", "listen *:PORT_b ssl default_server;",
    "listen PORT_a;", "listen 0.0.0.0:PORT_a;", "listen 127.0.0.1:PORT_a tls;", "listen 127.0.0.1:PORT_c ssl;",
    "listen 127.0.0.1:PORT_c SSL;", "listen 127.0.0.1:99999;", "listen 127.0.0.1:https;", "listen;",
    "listen 127.0.0.1:PORT_c backlog=0;", "listen 127.0.0.1:PORT_c backlog=10 reuseport;",
    "listen 127.0.0.1:PORT_a backlog=10;", "listen 127.0.0.1:PORT_c so_keepalive=maybe;", "listen unix:;",
    "listen [::1]:PORT_c ipv6only=off;", "listen 127.0.0.1:PORT_c ipv6only=on;", "listen 300.0.0.1:PORT_c;",
    "listen [::1:PORT_c;", "listen 127.0.0.1:PORT_c http2;", "listen 127.0.0.1:PORT_c quic;",
    "listen 127.0.0.1:PORT_c spdy;", "listen 127.0.0.1:PORT_c proxy_protocol;", "listen $port;",
    "server_name;", "server_name a.test a.test;", "server_name ~[;", "server_name ~^(a|b$;", "server_name *;",
    "server_name a.*.test;", "server_name *a.test;", "server_name *.*.test;", "server_name ~^(?<x>.)\\.test$;",
    "server_name www.*;", "server_name .;", "server_name $hostname;", "server_name https://a.test;",
    "server_name a..test;", "server_name ~;", 'server_name "";',
    "location /x%N { return 204; } location /x%N { return 204; }",
    "location = /x%N { return 204; } location /x%N { return 204; }",
    "location = /x%N { return 204; } location = /x%N { return 204; }",
    "location ^~ /x%N { return 204; } location /x%N { return 204; }",
    "location ~ /x%N { return 204; } location ~ /x%N { return 204; }",
    "location @x%N { return 204; } location @x%N { return 204; }",
    "location /x%N { location /x%N { return 204; } }", "location /x%N { location = /x%N { return 204; } }",
    "location /x%N { location /y { return 204; } }", "location /x%N { location ~ /y { return 204; } }",
    "location = /x%N { location /x%N/y { return 204; } }", "location @x%N { location /y { return 204; } }",
    "location /x%N { location @y%N { return 204; } }", "location ~ ^/x%N { location /y { return 204; } }",
    "location ~ ^/x%N { location ~ /y { return 204; } location /z { return 204; } }",
    "location ~ [ { return 204; }", "location ~ (a { return 204; }", "location ~* ^/(?<n>a { return 204; }",
    "location ~^/x%N { return 204; }", "location ~ { return 204; }", "location !~ x { return 204; }",
    "location x%N { return 204; }", "location { return 204; }", "location / a b { return 204; }",
    "location =/x%N { return 204; }", "location = { return 204; }", "location ^~/x%N { return 204; }",
    "location ~ \\.(php|html { return 204; }", "location ~ ^/a{1,2}$ { return 204; }", 'location "" { }',
    "if ($host { return 403; }", "if (host) { return 403; }", "if ($host == a) { return 403; }",
    "if ($host = a) { return 403; }", "if ($host = a b) { return 403; }", "if () { return 403; }",
    "if { return 403; }", "if ($host) { proxy_pass http://127.0.0.1:1; }", "if ($host) { deny all; }",
    "if ($no_such_variable) { return 403; }", "if ($host ~ [) { return 403; }", "if ($host ~ ) { return 403; }",
    "if (!$host) { return 403; }", "if (-f $uri) { return 403; }", "if (-q $uri) { return 403; }",
    "if (!-e $uri) { return 403; }", "if ($host !~* x) { return 403; }", "if ($host <> a) { return 403; }",
    "if ($ssl_client_verify != SUCCESS) { return 403 }", "if ($ssl_client_verify!=SUCCESS) { return 403; }",
    "if ($ssl_client_verify != SUCCESS && $host) { return 403; }", "if ($host) { if ($host) { return 403; } }",
    "if ($ssl_client_verfy != SUCCESS) { return 403; }", "if ( $host = a ) { return 403; }", "if ($) { break; }",
    "if (-f) { break; }", "if ($host = a) { return 403; } else { return 204; }", "if ($1) { break; }",
    "ssl_verfy_client on;", "no_such_directive on;", "ssl_verify_client;", "server_tokens on off;",
    "client_max_body_size 1t;", "client_max_body_size -1;", "client_max_body_size 1m;", "send_timeout 1y;",
    "add_header;", "add_header X;", "add_header X y always;", "add_header X y never;", "expires x;", "expires 1h;",
    "server { listen 127.0.0.1:PORT_c; }", "upstream u%N { server 127.0.0.1:1; }", "map $host $x { default 1; }",
    "try_files /x;", "try_files $uri =404;", "try_files $uri =abc;", "try_files $uri @nowhere;",
    "set a b;", "set $a%N b;", "set $a%N;", "set $a%N $no_such_variable;", "set $host b;", "set $ b;",
    "set $a%N ${b;", "set $a%N ${host};", "set $http_x b;", "set $ssl_client_verify SUCCESS;",
    "set_real_ip_from 10.0.0.0/8;", "set_real_ip_from 10.0.0.0/99;", "real_ip_header X-Forwarded-For;",
    "merge_slashes yes;", "underscores_in_headers on;", "large_client_header_buffers 4;",
)  # fmt: skip

ANYWHERE = (
    "error_page 404 /x;", "error_page 99 /x;", "error_page 600 /x;", "error_page 499 /x;", "error_page abc /x;",
    "error_page 404;", "error_page 404 =abc /x;", "error_page 404 = /x;", "error_page 404 =200;",
    "error_page /x;", "error_page 404 =999 /x;", "error_page 497 https://$host$request_uri;",
    "error_page 404 $no_such_variable;", "error_page 404 =204 @nowhere;", "error_page 494 495 496 497 @x;",
    "deny all;", "deny 10.0.0.0/99;", "deny any;", "allow 10.0.0.1/8;", "allow unix:;", "allow ::1;",
    "allow no-such-name;", "satisfy some;", "satisfy any;", "log_not_found off;", "access_log off;",
    "access_log off main;", "access_log /dev/null no_such_format;", "access_log /dev/null combined;",
    "access_log /dev/null combined buffer=1q;", "access_log /dev/null combined if=$host;", "error_log stderr loud;",
    "proxy_set_header X;", "proxy_set_header X $ssl_client_verify;", "proxy_set_header X $ssl_client_verfy;",
    "proxy_set_header X $no_such_variable;", "proxy_set_header X $http_anything;", "proxy_set_header X ${host;",
    "proxy_ssl_verify maybe;", "proxy_ssl_protocols TLSv9;", "proxy_http_version 1.2;", "proxy_http_version 3;",
    "proxy_buffer_size 0;", "proxy_read_timeout 1q;", "proxy_redirect x;", "proxy_redirect off;",
    "limit_req zone=nowhere;", "limit_conn nowhere 1;", "limit_req zone=nowhere burst=x;", "auth_basic;",
    "auth_request /auth;", "auth_basic x;", "root /a b;", "index;", "default_type;", "keepalive_timeout x;",
    "auth_request off;", "proxy_cache nowhere;", "proxy_cache off;", "proxy_cache_valid 200 1x;",
    "resolver no.such.name.invalid;", "resolver 127.0.0.1 valid=1q;", "types { text/x x; }", "types { text/x; }",
)  # fmt: skip

REWRITES = (
    "return 403;", "return abc;", "return 1000;", "return 99999;", "return -1;", "return 301;",
    "return 301 https://$host/;", "return https://x.test/;", "return /x;", "return;", "return 200 a b;",
    "return 204 text;", "return 200 $no_such_variable;", "return 0;", "return 444;", "return $scheme://x.test/;",
    "rewrite ^ /x last;", "rewrite ^ /x lst;", "rewrite ^/x;", "rewrite [ /x;", "rewrite ^/(a /x;",
    "rewrite ^ /x last break;", "rewrite ^/(.*)$ /x/$2;", "rewrite ^/(.*)$ /x/$1? permanent;", "rewrite ^ $;",
    "rewrite ^ /$no_such_variable;", "break;", "break x;", "uninitialized_variable_warn maybe;",
)  # fmt: skip

LOCATION = (
    "ssl_verify_client on;", "ssl_client_certificate /pki/root.pem;", "server_name x.test;", "listen 80;",
    "root /srv; alias /srv/;", "alias /srv/; root /srv;", "alias /srv/;", "alias /a; alias /b;", "alias;",
    "root /a; root /b;", "root $document_root;", "alias /x$no_such_variable;", "internal on;", "internal; internal;",
    "proxy_pass http://127.0.0.1:1; proxy_pass http://127.0.0.1:2;", "proxy_pass 127.0.0.1:1;",
    "proxy_pass http://127.0.0.1:1/x;", "proxy_pass http://127.0.0.1:1/;", "proxy_pass http://no-such-host.invalid;",
    "proxy_pass http://$host;", "proxy_pass http://$no_such_variable;", "proxy_pass ftp://127.0.0.1;",
    "proxy_pass https://127.0.0.1:1;", "proxy_pass http://127.0.0.1:99999;", "proxy_pass http://;", "proxy_pass;",
    "proxy_pass http://127.0.0.1:1/$host;", "proxy_pass http://unix:/tmp/x:/y;", "proxy_pass http://unix:/tmp/x;",
    "proxy_pass http://127.0.0.1:x;", "proxy_pass http://[::1]:1;", "proxy_pass HTTP://127.0.0.1:1;",
    "fastcgi_pass 127.0.0.1:1;", "fastcgi_pass 127.0.0.1;", "grpc_pass grpc://127.0.0.1:1;",
    "grpc_pass 127.0.0.1:1;", "uwsgi_pass 127.0.0.1:1;", "return 204; empty_gif;", "stub_status;", "stub_status on;",
    "if ($host) { proxy_pass http://127.0.0.1:1/x; }", "if ($host) { proxy_pass http://127.0.0.1:1; }",
    "if ($host) { return 403; } if ($host) { return 403; }", "if ($host) { alias /srv/; }",
    "if ($host) { ssl_verify_client off; }", "if ($host) { add_header X y; }", "if ($host) { error_page 404 /x; }",
    "limit_except GET { deny all; }", "limit_except GET { return 403; }", "limit_except NOPE { deny all; }",
    "limit_except GET POST { proxy_pass http://127.0.0.1:1; }", "limit_except { deny all; }",
    "limit_except GET { proxy_pass http://127.0.0.1:1/x; }", "limit_except get { deny all; }",
    "location /inner%N { return 204; }", "location ~ inner { return 204; }", "location = / { return 204; }",
    "mp4;", "flv;", "dav_methods PUT;", "dav_methods POST;", "proxy_method;", "expires 1h modified;",
)  # fmt: skip

HTTP = (
    "map $host $m%N { default 1; default 2; }", "map $host $m%N { a 1; a 2; }", "map $host $m%N { a 1; A 2; }",
    "map $host $m%N { a; }", "map $host $m%N { a 1 2; }", "map $host m%N { default 1; }", "map $host { a 1; }",
    "map host $m%N { default 1; }", "map $host $m%N { hostnames; *.a 1; *.a 2; }", "map $host $m%N { ~[ 1; }",
    "map $host $m%N { ~*^(a 1; }", "map $host $m%N { ~a 1; ~a 2; }", "map $host $m%N { default $no_such; }",
    "map $no_such_variable $m%N { default 1; }", "map $host $m%N { volatile; default 1; }",
    "map $host $m%N { include no-such-file; }", "map $host $m%N { include no-such-*; default 1; }",
    "map $host $m%N { hostnames x; }", "map $host $m%N { hostnames; ~a 1; *.b 2; c.* 3; .d 4; .d 5; }",
    "map $host $m%N { default 1 } ", "map $host $m%N { \\default 1; default 2; }", "map $host $m%N { '' 1; '' 2; }",
    "map $host $m%N { default 1; a ${b; }", "map $host $m%N { hostnames; a 1; A. 2; }", "map $host $host { a 1; }",
    "map $host $m%N { default 1; } map $host $m%N { default 2; }", "map $host $m%N { { } }",
    "map $host $m%N { hostnames; *.a.* 1; }", "map $host $m%N { hostnames; a..b 1; }", "map $host $passed { a 1; }",
    "geo $g%N { default 0; 10.0.0.0/8 1; }", "geo $g%N { default 0; 10.0.0.0/99 1; }", "geo $g%N { 10.0.0.1 1 2; }",
    "geo $g%N { ranges; 10.0.0.0-10.0.0.9 1; }", "geo $g%N { x 1; }", "geo g%N { default 0; }",
    "geo $g%N { 10.0.0.0/8 1; 10.0.0.0/8 2; }", "geo $host $g%N { default 0; }", "geo $g%N { proxy x; }",
    "split_clients $host $s%N { 50% a; * b; }", "split_clients $host $s%N { 150% a; }",
    "split_clients $host $s%N { 60% a; 60% b; }", "split_clients $host s%N { * b; }",
    "upstream u%N { }", "upstream u%N { server 127.0.0.1:1; }", "upstream u%N { server; }",
    "upstream u%N { server 127.0.0.1:1 weight=x; }", "upstream u%N { server 127.0.0.1:1 weight=2 backup; }",
    "upstream u%N { server 127.0.0.1:1 down; keepalive 4; }", "upstream u%N { server 127.0.0.1:1 nope; }",
    "upstream u%N { server 127.0.0.1:1; server 127.0.0.1:2; ip_hash; keepalive x; }",
    "upstream u%N { server 127.0.0.1:1; } upstream u%N { server 127.0.0.1:1; }",
    "upstream u%N { server no-such-host.invalid; }", "upstream u%N { server 127.0.0.1:1 max_fails=1 fail_timeout=x; }",
    "upstream u%N { keepalive 4; server 127.0.0.1:1; ip_hash; }", "upstream u%N { server 127.0.0.1:1 backup; }",
    "upstream u%N { server http://127.0.0.1:1; }", "upstream u%N { server 127.0.0.1:99999; }", "upstream { }",
    "upstream u%N { server 127.0.0.1:1; zone z 8k; }", "upstream u%N { server 127.0.0.1:1; zone z%N 64k; }",
    "upstream u%N { least_conn; hash $host; server 127.0.0.1:1; }", "upstream u%N { server unix:/tmp/x; }",
    "log_format f%N '$no_such_variable';", "log_format f%N '$ssl_client_verify';", "log_format f%N;",
    "log_format f%N a; log_format f%N b;", "log_format combined x;", "log_format f%N escape=xml a;",
    "log_format f%N a; access_log /dev/null f%N;", "log_format f%N '${host';",
    "ssl_session_cache shared:z%N:1m; server { listen 127.0.0.1:PORT_d; ssl_session_cache shared:z%N:2m; }",
    "ssl_session_cache shared:z%N:1m; server { listen 127.0.0.1:PORT_d; ssl_session_cache shared:z%N:1m; }",
    "limit_req_zone $host zone=l%N:1m rate=1r/s; limit_conn_zone $host zone=l%N:1m;", "limit_conn_zone $host zone=x;",
    "limit_req_zone $host zone=l%N:1m rate=1r/s; limit_req zone=l%N;", "limit_req_zone $host zone=l%N:1k rate=1r/s;",
    "limit_req_zone $host zone=l%N:1m rate=1;", "limit_conn_zone $host zone=c%N:1m; limit_conn c%N x;",
    "proxy_cache_path /no/such/directory/x keys_zone=k%N:1m;", "server { listen 127.0.0.1:PORT_d ssl; }",
    "server { listen 127.0.0.1:PORT_d ssl; ssl_reject_handshake on; }", "location / { return 204; }", "return 403;",
    "server { listen 127.0.0.1:PORT_d ssl; ssl_certificate ''; ssl_certificate_key ''; }",
    "server { listen 127.0.0.1:PORT_d ssl; ssl_certificate /pki/rsa.pem; }", "server { }", "server;",
    "server { listen 127.0.0.1:PORT_d ssl; ssl_certificate_key /pki/rsa.key; }",
    "server_names_hash_bucket_size 1;", "server_names_hash_max_size 1;", "server_names_hash_bucket_size x;",
    "variables_hash_max_size 1024;", "types_hash_bucket_size 128;", "ssl_verify_client on; ssl_verify_client on;",
    "http { }", "events { }", "worker_processes 1;", "pid x;", "user nobody;", "daemon off;", "stream { }",
    "include no-such-file.conf;", "include mime.types;", "include;", "include a b;", "include /no/such/*.conf;",
    "keyval_zone zone=x:1m;", "lua_package_path x;", "perl_modules x;", "server_tokens build;", "gzip maybe;",
)  # fmt: skip

MAIN = (
    "worker_processes x;", "worker_processes auto;", "worker_processes 0;", "user no-such-user-here;", "env;",
    "events { worker_connections x; }", "http { }", "stream { server { listen 127.0.0.1:PORT_s; return x; } }",
    "stream { server { listen 127.0.0.1:PORT_s ssl; return x; } }", "stream { server { return x; } }",
    f"stream {{ server {{ listen 127.0.0.1:PORT_s ssl; {PAIR} ssl_verify_client on; return x; }} }}",
    f"stream {{ server {{ listen 127.0.0.1:PORT_s ssl; {PAIR} {CA} ssl_verify_client on; return x; }} }}",
    "stream { server { listen 127.0.0.1:PORT_s; proxy_pass 127.0.0.1:1; return x; } }", "stream { upstream u { } }",
    "stream { server { listen 127.0.0.1:PORT_s; } }", "stream { server { listen 127.0.0.1:PORT_s; proxy_pass u; } }",
    "stream { map $no_such $x { default 1; } }", "stream { log_format f $ssl_client_verify; }", "stream { http2 on; }",
    "stream { server { listen 127.0.0.1:PORT_s; location / { } } }", "ssl_verify_client on;", "server { }",
    "load_module no/such.so;", "error_log /no/such/dir/log;", "error_log stderr debug;", "worker_rlimit_nofile x;",
    "thread_pool t threads=x;", "thread_pool t threads=2;", "ssl_engine no-such-engine;", "pcre_jit maybe;",
    "include no-such-file.conf;", "map $host $x { default 1; }", "master_process;", "timer_resolution 1q;",
    "events { use no_such_method; }", "events { use epoll; }", "lock_file a b;", "http;", "events;",
)  # fmt: skip

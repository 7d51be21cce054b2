"""Whether a text looks like nginx's."""

import re

from mtls_lint.expressions import expression

# A block or a directive in nginx's spelling; ssl.conf of other programs has neither braces nor semicolons.
# No two neighbours match the same character, so the time is linear.
_NGINX_TEXT = expression(
    r"""
    ^[ \t]* (?:
        (?: server | types | events | http | stream | mail ) \s* \{
      | (?: upstream | location | map | geo | limit_except ) [ \t] [^{;\n]* \{
      | if [ \t]* \( [^{;\n]* \{
      | (?: listen | server_name | include | root | return | proxy_pass | proxy_set_header | add_header
          | ssl_[a-z_]+ | proxy_ssl_[a-z_]+ | grpc_[a-z_]+ | access_log | error_page ) [ \t] [^;{}\n]+ ;
    )
    """,
    re.MULTILINE | re.VERBOSE,
)


def looks_like_nginx(text: str) -> bool:
    """Whether some line of the text is a block or a directive as nginx spells it."""
    return _NGINX_TEXT.search(text) is not None

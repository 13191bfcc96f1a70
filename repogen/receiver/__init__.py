"""The HTTP side: takes uploads, and serves the site where nobody else does.

- ``app``: routes; who may do what, in which order it is judged
- ``forms``: the forms that bring a file, read while they stream in
- ``files``: a file on its way into the spool, and bodies that are a file or a signature and nothing else
- ``body``: the bytes of a request, bounded
- ``site``: the generated site over HTTP: content negotiation, validators, ranges
- ``answers``: errors and texts -> responses
- ``access``: one line in the log for every request
- ``server``: cheroot, made to hold without a proxy in front
- ``wire``: what connections and request bodies need for that
"""

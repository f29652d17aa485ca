"""Writes src/test/resources/io/torrefy/lm/chat: what `transformers` renders of chat templates, and Jinja of snippets.
Run from the module's folder: python src/test/python/chat_goldens.py (pip install transformers==5.18.0 jinja2==3.1.6)."""
import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template, _render_with_assistant_indices

OUT = pathlib.Path("src/test/resources/io/torrefy/lm/chat")

TEMPLATES = {}

# Qwen2: a default system turn, ChatML around every turn.
TEMPLATES["chatml"] = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
Be brief.<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

# Llama 3: headers, stripped contents, a beginning token with the first turn.
TEMPLATES["headers"] = """{% set loop_messages = messages %}
{% for message in loop_messages %}
    {% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' %}
    {% if loop.index0 == 0 %}
        {% set content = bos_token + content %}
    {% endif %}
    {{ content }}
{% endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
{% endif %}"""

# Llama 2 and Mistral: turns must alternate, instructions in brackets, the end token after answers.
TEMPLATES["inst"] = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Turns must alternate user/assistant') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

# Qwen3: tools, reasoning cut out of all but the last answers, tool answers gathered in one turn, thinking switched off.
TEMPLATES["reasoning"] = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>\\n\\nCall with {\\"name\\": <function-name>, \\"arguments\\": <args-json-object>}<|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(searching=true, last_query=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last_query = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' + content + '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
"""

# Llama 3.1: defaults set when missing, slices off the system turn, tools as indented JSON, contents of several parts.
TEMPLATES["parts"] = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system turn comes off the front. #}
{%- if messages[0]['role'] == 'system' and messages[0]['content'] is string %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
        {%- if message.content is string %}
            {{- message['content'] | trim }}
        {%- elif message.content is mapping or message.content is iterable %}
            {%- for part in message['content'] if part.type != 'audio' %}
                {%- if part['type'] == 'image' %}<|image|>{%- else %}{{ part['text'] | default('?', true) }}{%- endif %}
            {%- else %}(nothing){%- endfor %}
        {%- endif %}
        {{- '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One tool-call at a time!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n<|python_tag|>' + tool_call.name + ".call(" }}
        {%- for arg_name, arg_val in tool_call.arguments | items %}
            {{- arg_name + '="' ~ arg_val ~ '"' }}{%- if not loop.last %}{{- ", " }}{%- endif %}
        {%- endfor %}
        {{- ")" }}{{- "<|eom_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

# SmolLM3 and R1 distillations: generation blocks, set blocks, sums of lists, loop controls.
TEMPLATES["generation"] = """{% set system %}
{% if messages[0].role == "system" %}{{ messages[0].content | trim }}{% else %}You are {{ name | default("a helper") }}.{% endif +%}

Modes: {{ ["/think", "/no_think"] | join(", ") }}
{% endset %}
{{- system -}}
{%- set queue = messages | selectattr("role", "ne", "system") | list -%}
{% for message in queue + [{"role": "note", "content": queue | length}] %}
    {%- if message.role == "stop" %}{% break %}{% endif -%}
    {%- if message.content is none or message.content is not defined %}{% continue %}{% endif -%}
<|{{ message.role | upper }}|>
    {%- if message.role == "assistant" %}
      {% generation %}{{ message.content }}{{ eos_token }}{% endgeneration %}
    {%- else %}
{{ message.content }}
    {% endif %}
{% endfor %}
{% if add_generation_prompt %}<|ASSISTANT|>{% endif %}
"""

# Zephyr: a tag line a turn, the end token after every one, the answer marked for training.
TEMPLATES["tags"] = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n' }}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}

{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

# DeepSeek V3 and R1: system turns gathered in front, thoughts cut off, tool calls and outputs in marks of their own.
TEMPLATES["gathered"] = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}
{%- set ns = namespace(is_first=true, in_tool=false, system='', outputs=0) -%}
{%- for message in messages %}{%- if message['role'] == 'system' %}
{%- set ns.system = ns.system + ('' if ns.is_first else '\\n\\n') + message['content'] %}{% set ns.is_first = false %}
{%- endif %}{%- endfor -%}
{{ bos_token }}{{ ns.system }}
{%- for message in messages %}
{%- if message['role'] == 'user' %}{%- set ns.in_tool = false -%}{{ '<｜User｜>' + message['content'] }}{%- endif %}
{%- if message['role'] == 'assistant' and 'tool_calls' in message %}
{%- for tool in message['tool_calls'] -%}
{%- generation -%}{{ ('<｜Assistant｜>' if loop.first else '\\n') + '<｜call｜>' + tool['type'] + '<｜sep｜>' + tool['function']['name'] + '\\n' + tool['function']['arguments'] | tojson(ensure_ascii=false) + '<｜end｜>' }}{%- endgeneration -%}
{%- endfor %}
{%- elif message['role'] == 'assistant' %}
{%- set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif -%}
{{ '<｜outputs end｜>' if ns.in_tool }}{{ '<｜Assistant｜>' }}{% generation %}{{ content ~ eos_token }}{% endgeneration %}{%- set ns.in_tool = false -%}
{%- elif message['role'] == 'tool' %}
{%- set ns.outputs = ns.outputs + 1 %}{{ '<｜output｜>' + message['content'] + '<｜output %d｜>' % ns.outputs }}{%- set ns.in_tool = true -%}
{%- endif %}
{%- endfor -%}
{%- if add_generation_prompt and not ns.in_tool %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"""

USER = {"role": "user", "content": "  What is 12 * 3?\n"}
ASSISTANT = {"role": "assistant", "content": "<think>\n12 * 3 = 36\n</think>\n\nIt is 36. "}
TOOL = {"type": "function", "function": {"name": "roast", "description": "Röste \"Bohnen\" </x> & 豆",
        "parameters": {"type": "object", "properties": {"minutes": {"type": "number", "default": 12.5}, "dark": {"enum": [True, None]}},
                       "required": [], "empty": {}}}}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "roast",
        "arguments": {"minutes": 12.0, "bean": "Köln \"A\"", "n": [1, 2]}}}]}
CONVERSATIONS = [
    [USER], [{"role": "system", "content": " Be exact. "}, USER], [USER, ASSISTANT, {"role": "user", "content": "And 12 * 4?"}],
    [{"role": "system", "content": "S"}, USER, ASSISTANT, USER, ASSISTANT],
    [USER, CALL, {"role": "tool", "content": "dark"}, {"role": "tool", "content": "light"}, ASSISTANT],
    [USER, CALL | {"content": "Calling."}, {"role": "tool", "content": "{\"a\": 1}"}, USER],
    [USER, dict(ASSISTANT, reasoning_content="thought"), USER, dict(ASSISTANT, content="plain", reasoning_content="t2")],
    [USER, USER], [{"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image"}, {"type": "audio"}]}, ASSISTANT],
    [{"role": "user", "content": []}], [{"role": "user", "content": None}, {"role": "assistant"}, USER, {"role": "stop", "content": "x"}, USER],
    [dict(CALL, tool_calls=CALL["tool_calls"] * 2)],
]
EXTRAS = [{}, {"tools": [TOOL, TOOL]}, {"enable_thinking": False, "name": "Ada", "date_string": "1 Jan 2026"}, {"custom_tools": [TOOL]}]


def render(template, variables):
    try:
        if "endgeneration" in template:
            text, spans = _render_with_assistant_indices(_compile_jinja_template(template), **variables)
            return {"output": text, "generated": spans}
        return {"output": _compile_jinja_template(template).render(**variables)}
    except Exception as e:  # the message is Jinja's, the fact is what counts
        return {"error": type(e).__name__ + ": " + str(e)}


OUT.mkdir(parents=True, exist_ok=True)
for name, template in TEMPLATES.items():
    cases = []
    for i, messages in enumerate(CONVERSATIONS):
        for extra in EXTRAS if i in (0, 1, 4) else EXTRAS[:1]:
            for prompt in ([False, True] if i < 4 else [True]):
                variables = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": prompt,
                             "bos_token": "<s>", "eos_token": "</s>", **extra}
                cases.append({"messages": messages, "add_generation_prompt": prompt, "extra": extra, **render(template, variables)})
    (OUT / f"{name}.json").write_text(json.dumps({"template": template, "cases": cases}, indent=1) + "\n", encoding="utf-8")

CONTEXT = {"a": 3, "b": 4.5, "s": "  Hello, Wörld 🙂!  ", "l": [3, 1, 2], "e": [], "n": None, "t": True, "d": {"k": "v", "items": 7, "x y": [1, {"z": 2}]},
           "people": [{"name": "Ada", "age": 36, "tags": {"x": 1}}, {"name": "bob", "age": 5}, {"name": "Cy", "age": 36}], "q": "it's \"q\"\n"}
SNIPPETS = [
    # arithmetic and precedence
    "{{ 1 + 2 * 3 ** 2 - -4 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** -1 }} {{ 1e3 }} {{ 1.50 }} {{ 1_000 }}",
    "{{ a ~ b ~ n ~ t ~ missing }} {{ 'a' 'b' }} {{ 'ab' * 3 }} {{ 3 * 'x' }} {{ [1] + [2, 'c'] }} {{ a + b }} {{ 4 / 2 }}",
    "{{ -a | abs }} {{ (-a) | abs }} {{ not a == 4 }} {{ not (a in l) }} {{ a not in l }} {{ 1 < a <= 3 < 9 }} {{ 1 == 1.0 }} {{ true == 1 }}",
    "{{ 'x' if a > 5 }}|{{ 'x' if a > 2 else 'y' }}|{{ 'p' if e else 'q' if n else 'r' }}|{{ a and b }}|{{ n or 'd' }}|{{ e and 1 }}",
    "{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 123456789.125 }} {{ 1.5e-7 }} {{ 0.1 + 0.2 }} {{ 1e100 }} {{ 100.0 }}",
    # literals and printing
    "{{ [1, 'a', none, true, 1.0, {'k': [\"it's\"]}] }} {{ {} }} {{ q }} {{ [q] }} {{ (1, 'b') }} {{ (1,) }} {{ () }} {{ {'a': {'b': 1}}['a'].b }} {{ {'a': 1}}}",
    "{{ 'tab\\t nl\\n q\\' d\\\" b\\\\ \\x41 \\u00e9 \\d' }} {{ \"%}\" }} {{ '}}' }} {% if '%}' %}y{% endif %}",
    # attributes, items, slices
    "{{ d.k }} {{ d['k'] }} {{ d['items'] }} {{ d.nope }} {{ d['x y'][1].z }} {{ l[0] }} {{ l[-1] }} {{ l[9] }} {{ d.get('k') }} {{ d.get('z', 'dflt') }}",
    "{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[::2] }} {{ s[2:5] }} {{ s[::-1] }} {{ l[5:] }} {{ l[-9:2] }} {{ 'abcdef'[4:1:-1] }} {{ s.strip()[-2] }}",
    "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }} {% endfor %} {{ d.keys() | list }} {{ d.values() | list }}",
    # methods
    "[{{ s.strip() }}][{{ s.lstrip() }}][{{ s.rstrip() }}][{{ 'xxaxx'.strip('x') }}][{{ 'abc'.lstrip('ab') }}][{{ '\\n\\na\\n'.strip('\\n') }}]",
    "{{ 'a,b,,c'.split(',') }} {{ '  a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a-b-c'.rsplit('-', 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ ' a b  c '.split(none, 1) }}",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'aXbX'.replace('X', '-') }} {{ 'aaa'.replace('a', 'b', 2) }} {{ 'Ab'.upper() }} {{ 'Ab'.lower() }}",
    "{{ 'hello wORLD'.title() }} {{ 'hELLO'.capitalize() }} {{ ', '.join(['a', 'b']) }} {{ 'abcabc'.find('c') }} {{ 'abc'.find('z') }} {{ 'aXbX'.count('X') }} {{ 'ab\\ncd\\n'.splitlines() }}",
    "{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ '12'.isdigit() }} {{ 'a1'.isdigit() }} {{ l.index(2) }} {{ l.count(3) }}",
    # filters
    "[{{ s | trim }}] {{ s | length }} {{ l | length }} {{ d | count }} {{ 'aB' | upper }} {{ 'aB' | lower }} {{ 'aB cd' | title }} {{ 'aB' | capitalize }}",
    "{{ missing | default('x') }} {{ n | default('x') }} {{ n | default('x', true) }} {{ '' | d('y', boolean=true) }} {{ missing | d }}|",
    "{{ l | first }} {{ l | last }} {{ e | first }}| {{ l | join('-') }} {{ l | join }} {{ people | join(', ', attribute='name') }} {{ 'abc' | list }} {{ 'abc' | join('.') }}",
    "{{ d | tojson }} {{ s | tojson }} {{ q | tojson }} {{ n | tojson }} {{ [1, 2.0, true, none, '\\u0001é</a>&\\''] | tojson }} {{ [] | tojson }} {{ {} | tojson }}",
    "{{ d | tojson(indent=2) }}\n{{ [[], {}, [1]] | tojson(indent=4) }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}",
    "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '3.9' | int }} {{ 2.7 | int }} {{ '2.5' | float }} {{ 3 | string + '!' }} {{ 3 | float }}",
    "{{ l | sort }} {{ ['b', 'A', 'c'] | sort }} {{ l | sort(reverse=true) }} {{ people | sort(attribute='age') | map(attribute='name') | list }} {{ l | reverse | list }} {{ 'abc' | reverse }}",
    "{{ people | map(attribute='name') | join(',') }} {{ ['a', 'b'] | map('upper') | list }} {{ people | map(attribute='tags.x', default='-') | list }} {{ l | map('string') | join }}",
    "{{ people | selectattr('age', 'equalto', 36) | map(attribute='name') | list }} {{ people | rejectattr('age', '==', 36) | map(attribute='name') | list }} {{ people | selectattr('tags') | list | length }}",
    "{{ people | selectattr('tags', 'defined') | list | length }} {{ [1, 0, 2] | select | list }} {{ l | select('odd') | list }} {{ l | reject('gt', 2) | list }} {{ ['a', 'b'] | reject('equalto', 'a') | list }}",
    "{{ [1, 2, 1, 'a', 'A'] | unique | list }} {{ l | sum }} {{ l | min }} {{ l | max }} {{ -2.5 | abs }} {{ 2.567 | round(2) }} {{ 2.5 | round }} {{ 2.4 | round(0, 'ceil') }}",
    "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ d | dictsort }}|{{ 'x' | replace('x', 'y') }}|{% for k, v in d | items %}{{ k }}{% endfor %}|{{ 'a' | safe }}",
    # tests
    "{{ a is defined }} {{ missing is defined }} {{ missing is undefined }} {{ n is none }} {{ a is none }} {{ missing is none }} {{ s is string }} {{ a is string }}",
    "{{ l is iterable }} {{ s is iterable }} {{ d is iterable }} {{ a is iterable }} {{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ a is number }} {{ t is number }} {{ b is float }} {{ a is integer }} {{ t is integer }}",
    "{{ t is true }} {{ t is false }} {{ a is true }} {{ t is boolean }} {{ a is odd }} {{ a is even }} {{ a is divisibleby 3 }} {{ a is divisibleby(2) }} {{ a is equalto 3 }} {{ a is eq(3) }} {{ a is in l }} {{ a is not in [9] }} {{ 'AB' is upper }} {{ 'Ab' is lower }}",
    "{{ n is not none and a is defined }} {{ 'x' if a is defined else 'y' }} {{ a is not defined or t }} {{ not n is none }} {{ a is gt 2 and a is lt 4 }} {{ missing.x is defined }}",
    "{{ d.nope is defined }} {{ d.k is defined }} {{ d['nope']['deeper'] is defined }}",
    # loops
    "{% for x in l %}{{ loop.index }}/{{ loop.index0 }}/{{ loop.revindex }}/{{ loop.revindex0 }}/{{ loop.length }}{{ ' first' if loop.first }}{{ ' last' if loop.last }} {{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {{ loop.cycle('o', 'e') }};{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}:{{ x }} {% else %}none{% endfor %}{% for x in e %}x{% else %}empty{% endfor %}{% for x in l if x > 5 %}x{% else %}filtered{% endfor %}",
    "{% for x in l %}{% for y in l %}{{ loop.depth }}{{ x }}{{ y }} {% endfor %}{{ loop.index }}|{% endfor %}{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}{% for (x, y) in [(1, 2), [3, 4]] %}{{ x }}{{ y }}{% endfor %}{% for x in missing %}x{% endfor %}",
    # set and scopes
    "{% set x = 1 %}{% for i in l %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}{% if t %}{% set x = 9 %}{% endif %}{{ x }}",
    "{% set ns = namespace(n=0, f=false) %}{% for i in l %}{% set ns.n = ns.n + i %}{% set ns.f = true %}{% endfor %}{{ ns.n }}{{ ns.f }}{{ ns.nope }}",
    "{% set x, y = 1, [2, 3] %}{{ x }}{{ y }}{% set z = 1, 2 %}{{ z[1] }}{% set b %} a {{ x }} {% endset %}[{{ b }}]{{ dict(a=1, b='c') }}",
    # macros
    "{% macro f(x, y=2, z=x) %}[{{ x }}{{ y }}{{ z }}{{ a }}]{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(1, z=4) }}{{ f() }}{{ f(1) | length }}",
    "{% set u = 1 %}{% macro g(n) %}{% set u = 5 %}{{ n }}{% if n > 0 %}{{ g(n - 1) }}{% endif %}{% endmacro %}{% for i in l %}{{ g(i) }} {% endfor %}{{ u }}{{ missing_macro }}",
    "{% macro h(x) %}x{% endmacro %}{{ h(1, 2) }}",
    # white space
    "a\n  {% if t %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if t -%}  \n  b\n  {%- endif -%}\n  c", "a {{ a }}\n{{ b }}\n  {{- a -}}  \n x",
    "  {% if t %} x {% endif %}  \n  {%+ if t %} y{% endif +%}\n z", "a\n {# c #}\nb {# d #}\n{#- e -#} f\n  {# g #} h", "\n\n{% set x = 1 %}\n\n{{ x }}\n\n",
    "{% if t %}\n    {% for i in l %}\n        {{ i }}\n    {% endfor %}\n{% endif %}\n", "x{% raw %}{{ a }} {% if %}{% endraw %}y\n{%- raw -%}  z  {%- endraw -%}  w",
    "a\r\nb{% if t %}\r\nc{% endif %}", "{{ a }}{%- if t %} b {%- endif %} c{{- a }} { } {a} % # }} %}", "\t{% if t %}x{% endif %}\n \t {%- set y = 1 %}\n.{{ y }}", "  {{ a }}\n  {{- a }}", "{% if t %}{% endif %}  {% if t %}q{% endif %}",
    "{{ '%s and %d, %d%%' % (s, a, b) }} {{ '%s' % l }} {{ 'a %s' % 'b' }} {{ '[%s]' % none }}",
    # errors
    "{{ '%d' % 'x' }}", "{{ '%s %s' % 'x' }}", "{{ '%s' % (1, 2) }}",
    "{{ missing.x }}", "{{ missing + 1 }}", "{{ 'a' + 1 }}", "{{ missing() }}", "{{ raise_exception('no ' ~ a) }}", "{% if a %}", "{{ a", "{{ a b }}", "{% frob %}",
    "{{ a | frob }}", "{{ a is frob }}", "{% for x in a %}{% endfor %}", "{{ l.append(4) }}", "{% endif %}", "{{ 1 / 0 }}", "{{ 'x' in 3 }}", "{{ a < 'b' }}", "{% set a.b = 1 %}",
    "{{ (1, 2 }}", "{{ 'abc }}", "{# x", "{% for x in l %}{% else %}", "{{ }}", "{% if %}{% endif %}", "{{ n.x.y }}", "{{ 1 is divisibleby }}", "{{ a.b.c }}",
]
result = [{"template": s, **render(s, CONTEXT)} for s in SNIPPETS]
(OUT / "snippets.json").write_text(json.dumps({"context": CONTEXT, "snippets": result}, indent=1) + "\n", encoding="utf-8")

"""DOT: a strict reader of the language finds the graph again, whatever its nodes are called."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine.files.dot import to_dot
from engine.graph.graph import Graph, Node

TOKEN = re.compile(
    r"""\s*(?:(?P<word>[A-Za-z_]\w*|\d+)
    |"(?P<quoted>(?:[^"\\\n\0]|\\.)*)"
    |(?P<html><(?:<[^<>]*>|[^<>])*>)
    |(?P<sign>->|[{}\[\]=;,]))""",
    re.VERBOSE,
)


class Reader:
    """Reads the statements of one digraph; fails on anything that DOT's grammar does not say."""

    def __init__(self, source):
        self.tokens, self.nodes, self.edges = [], {}, []
        at = 0
        while at < len(source.rstrip()):
            match = TOKEN.match(source, at)
            assert match, source[at : at + 80]
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        assert self.take("word") == "digraph"
        self.name = self.take("quoted")
        self.sign("{")
        while self.tokens[0] != ("sign", "}"):
            self.statement()
        self.sign("}")
        assert not self.tokens

    def take(self, *kinds):
        kind, text = self.tokens.pop(0)
        assert kind in kinds
        return text

    def sign(self, expected):
        assert self.tokens.pop(0) == ("sign", expected)

    def statement(self):
        kind = self.tokens[0][0]
        left = self.take("word", "quoted")
        if kind == "word":
            assert left in ("graph", "node", "edge")
            self.attributes()
        elif self.tokens[0] == ("sign", "->"):
            self.sign("->")
            right = self.take("quoted")
            self.edges.append((left, right, self.attributes()))
        else:
            self.nodes[left] = self.attributes()
        self.sign(";")

    def attributes(self):
        found = {}
        while self.tokens[0] == ("sign", "["):
            self.sign("[")
            while True:
                key = self.take("word")
                self.sign("=")
                found[key] = self.take("word", "quoted", "html")
                if self.tokens[0] != ("sign", ","):
                    break
                self.sign(",")
            self.sign("]")
        return found


def plain(quoted):
    """A quoted id or label as it was meant, where it holds no control characters."""
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], quoted.replace("&amp;", "&"))


@pytest.fixture
def fork():
    """f = ab + a with its walk: a is used twice."""
    graph = engine.parse("f = ab + a", a=3, b=-2)
    return graph, engine.trace(graph)


def test_every_node_and_wire_is_there(fork):
    graph, _ = fork
    read = Reader(to_dot(graph))
    assert [plain(i) for i in read.nodes] == list(graph.nodes)
    assert [(plain(s), plain(t)) for s, t, _ in read.edges] == [w[:2] for w in graph.wires()]


def test_wires_arrive_in_port_order():
    read = Reader(to_dot(engine.parse("f = b - a")))
    assert [source for source, _, _ in read.edges] == ["b", "a"]
    assert "ordering=in" in to_dot(Graph())


def test_leaves_ops_and_kinds_look_different():
    read = Reader(to_dot(engine.parse("f = sigmoid(w*x)")))
    faces = {i: (a["shape"], a["color"]) for i, a in read.nodes.items()}
    assert faces["x"][0] == faces["w"][0] != faces["mul"][0] == faces["f"][0]
    assert len({color for _, color in faces.values()}) == 4


def test_an_op_shows_its_sign_and_its_formula_under_the_pointer():
    attributes = Reader(to_dot(engine.parse("f = w0*x0"))).nodes["f"]
    assert (attributes["label"], attributes["tooltip"]) == ("×", "w0·x0")


def test_a_branch_has_its_own_term_and_the_fork_their_sum(fork):
    graph, walk = fork
    read = Reader(to_dot(graph, *walk.seen_at(len(walk)), walk.terms_at(len(walk))))
    into_product, into_sum = (a["label"] for s, _, a in read.edges if s == "a")
    assert re.findall(r">([^<>]+)</font>", into_product) == ["−2.00"]  # b
    assert re.findall(r">([^<>]+)</font>", into_sum) == ["1.00"]
    assert re.findall(r">([^<>]+)</font>", read.nodes["a"]["xlabel"]) == ["3.00", "−1.00"]


def test_the_numbers_of_one_wire_stand_on_it_and_the_outputs_beside_it(fork):
    graph, walk = fork
    read = Reader(to_dot(graph, *walk.seen_at(len(walk)), walk.terms_at(len(walk))))
    (label,) = (a["label"] for s, _, a in read.edges if s == "b")
    assert re.findall(r">([^<>]+)</font>", label) == ["−2.00", "3.00"]
    assert "xlabel" not in read.nodes["b"]
    assert "−3.00" in read.nodes["f"]["xlabel"]


def test_the_terms_of_every_wire_add_up_to_the_gradients(fork):
    _, walk = fork
    terms = walk.terms_at(len(walk))
    assert walk.terms_at(walk.forward_count - 1) == {}
    for i in ("a", "b", "mul"):
        arrived = sum(value for wire, value in terms.items() if wire.source == i)
        assert arrived == walk.gradient(i)


def test_a_constant_carries_no_gradient():
    graph = engine.parse("f = 2x")
    source = to_dot(graph, dict.fromkeys(graph.nodes, 2.0), dict.fromkeys(graph.nodes, 7.0))
    assert source.count("7.00") == 2


def test_a_wire_from_nowhere_is_left_out():
    graph = Graph([Node("a", "input", name="a"), Node("f", "mul", ("a", "gone"))], "f")
    assert len(Reader(to_dot(graph)).edges) == 1


def test_arrays_are_summed_up():
    graph = Graph([Node("X", "input", value=np.zeros((2, 3)), name="X")], "X")
    assert "2×3" in to_dot(graph, {"X": np.zeros((2, 3))})


TEXTS = st.text(st.characters(exclude_categories=()), max_size=12) | st.text(
    st.sampled_from('"\\\n\r\t\0<>&;{}[]-=,ab\x85\u2028\ud800'), max_size=12
)


def build(ids, names, op):
    nodes = [Node(i, "input", name=name) for i, name in zip(ids[:-1], names, strict=False)]
    return Graph([*nodes, Node(ids[-1], op, tuple(i for i in ids[:-1] if i))], ids[-1])


@given(
    st.lists(TEXTS, min_size=2, max_size=5, unique=True),
    st.lists(TEXTS, min_size=5, max_size=5),
    TEXTS,
)
def test_any_id_and_name_gives_dot_that_reads_back(ids, names, op):
    graph = build(ids, names, op)
    read = Reader(to_dot(graph))
    assert len(read.nodes) == len(ids)
    assert len(read.edges) == len(list(graph.wires()))
    for written, node in zip(read.nodes, graph.nodes, strict=True):
        assert not node.isprintable() or plain(written.replace("&", "&amp;")) == node


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_shows_the_names_as_they_are():
    names = ['"q"', "back\\slash", "a&lt;b", "<i>x</i>", "two\nlines", "\\N", "θ₁", "\\"]
    graph = build([*names, "f"], names, "concat")
    done = subprocess.run(
        ["dot", "-Tsvg"], input=to_dot(graph), capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""
    shown = [e.text for e in ET.fromstring(done.stdout.encode()).iter() if e.tag.endswith("}text")]
    assert set(shown) >= {line for name in names for line in name.splitlines()}

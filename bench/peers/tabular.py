"""Reinforcement learning on tables as it is mostly written in Python.

`grid-q` is a grid world and Q-learning as one writes them from the textbook: states are (column, row), rules are tested one by
one, q is an array of numpy. `value-iteration` is whole-array numpy, which is as fast as Python gets without a compiler. The
same work as io.torrefy.bench.cases.Tabular.
"""

import random

import numpy as np

GAMMA = 0.9
MOVES = [(0, -1), (1, 0), (0, 1), (-1, 0), (0, 0)]
FORBIDDEN = [(1, 1), (2, 1), (2, 2), (1, 3), (3, 3), (1, 4)]
TARGET = (2, 3)


def threads(n):
    pass  # numpy's element-wise operations have one


class GridWorld:
    def __init__(self, size):
        self.size = size
        self.state = (0, 0)

    def reset(self):
        self.state = (0, 0)
        return self.state

    def step(self, action):
        x, y = self.state
        dx, dy = MOVES[action]
        x, y = x + dx, y + dy
        if x < 0 or x >= self.size or y < 0 or y >= self.size:
            return self.state, -1.0, False
        self.state = (x, y)
        if self.state == TARGET:
            return self.state, 1.0, False
        if self.state in FORBIDDEN:
            return self.state, -1.0, False
        return self.state, 0.0, False


def grid_q(args):
    steps = args["pythonSteps"]

    def run():
        random.seed(1)
        env = GridWorld(5)
        q = np.zeros((5, 5, 5))
        x, y = env.reset()
        for _ in range(steps):
            if random.random() < args["epsilon"]:
                action = random.randrange(5)
            else:
                action = int(np.argmax(q[x, y]))
            (nx, ny), reward, _ = env.step(action)
            q[x, y, action] += 0.1 * (reward + GAMMA * np.max(q[nx, ny]) - q[x, y, action])
            x, y = nx, ny
        return q

    return run, float(steps), "steps"


def value_iteration(args):
    size, sweeps = args["size"], args["sweeps"]
    landing = np.zeros((size, size))
    landing[3::7, 2::5] = -1.0
    landing[size // 2, size // 2] = 1.0

    def run():
        v = np.zeros((size, size))
        for _ in range(sweeps):
            u = landing + GAMMA * v
            bump = GAMMA * v - 1.0
            best = u.copy()
            np.maximum(best[1:], u[:-1], out=best[1:])
            np.maximum(best[:-1], u[1:], out=best[:-1])
            np.maximum(best[:, 1:], u[:, :-1], out=best[:, 1:])
            np.maximum(best[:, :-1], u[:, 1:], out=best[:, :-1])
            for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
                best[edge] = np.maximum(best[edge], bump[edge])
            change = np.abs(best - v).max()
            v = best
        return change

    return run, float(size) * size * sweeps, "state updates"


def open(case, args):
    return grid_q(args) if case == "grid-q" else value_iteration(args)

"""One operator at a time, with stand-in ports."""


class StandInInput:
    def __init__(self, messages):
        self.messages = messages

    def receive(self, name):
        return self.messages[name]


class StandInOutput:
    def __init__(self):
        self.emitted = {}

    def emit(self, message, name):
        self.emitted[name] = message


def tick(operator, **messages):
    output = StandInOutput()
    operator.compute(StandInInput(messages), output, None)
    return output.emitted

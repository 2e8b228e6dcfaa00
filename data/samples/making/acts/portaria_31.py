"""Portaria nº 31, de 2021: two plain pages, made to be scanned badly."""

from __future__ import annotations

from making.act import Block, Prose, ali, art, inc, par, unico
from making.flow import Geometry
from making.furniture import office
from making.sheets import statute_sheet
from making.typesetter import Document, Section, Trap

TEXT: tuple[Block, ...] = (
    Prose("epigrafe", "PORTARIA Nº 31, DE 22 DE SETEMBRO DE 2021"),
    Prose("ementa", "Dispõe sobre o uso e a guarda dos veículos da frota municipal."),
    Prose(
        "preambulo",
        "*A SECRETÁRIA MUNICIPAL DE ADMINISTRAÇÃO,* no uso das atribuições conferidas pela Lei "
        "nº 335, de 8 de abril de 2010, *RESOLVE:*",
    ),
    art(
        1,
        "O uso dos veículos oficiais é privativo do serviço público e depende de ordem de "
        "tráfego assinada pela chefia imediata.",
    ),
    unico(
        "Excetuam-se as ambulâncias e os veículos da Defesa Civil, que circularão sob "
        "responsabilidade do condutor de plantão."
    ),
    art(2, "A ordem de tráfego conterá, no mínimo:"),
    inc("I", "a placa do veículo e a leitura do hodômetro na saída e na chegada;"),
    inc("II", "o nome do condutor e o número da sua habilitação;"),
    inc("III", "o destino e a finalidade do deslocamento; e"),
    inc("IV", "o horário previsto para o retorno."),
    art(3, "É vedado ao condutor:"),
    inc("I", "transportar pessoas estranhas ao serviço;"),
    inc("II", "desviar-se do itinerário, salvo por:"),
    ali("a", "interdição da via;"),
    ali("b", "socorro a vítima de acidente; ou"),
    ali("c", "determinação de autoridade policial; e"),
    inc("III", "fumar no interior do veículo."),
    art(
        4,
        "Ao término do expediente, os veículos serão recolhidos à garagem da Rua das "
        "Pedreiras, onde permanecerão com as chaves depositadas na portaria.",
    ),
    par(
        1,
        "O recolhimento em local diverso será autorizado por escrito e por prazo não superior a "
        "trinta dias, quando a distância da residência do condutor ou a natureza do serviço o "
        "justificarem.",
    ),
    par(2, "O vigia registrará em livro próprio a entrada e a saída de cada veículo."),
    art(
        5,
        "O condutor comunicará imediatamente à Secretaria qualquer acidente, infração ou "
        "defeito, e preencherá o respectivo relatório em até vinte e quatro horas.",
    ),
    art(6, "As multas de trânsito serão pagas pelo condutor que lhes der causa, ressalvadas:"),
    inc("I", "as decorrentes de defeito não imputável ao condutor; e"),
    inc("II", "as anuladas em recurso."),
    art(
        7,
        "O abastecimento será feito nos postos contratados, mediante cartão individual, vedado "
        "o fornecimento em galões ou recipientes avulsos.",
    ),
    art(8, "Fica revogada a Portaria nº 12, de 3 de fevereiro de 2016."),
    art(9, "Esta Portaria entra em vigor na data de sua publicação."),
    Prose("texto", "Brejo Alto, 22 de setembro de 2021."),
    Prose("assinatura", "LEOCÁDIA FRAGOSO ARRUDA"),
    Prose("cargo", "Secretária Municipal de Administração"),
)

PORTARIA_31 = Document(
    name="portaria-31-2021-digitalizada",
    title="Portaria nº 31, de 22 de setembro de 2021",
    sheet=statute_sheet(),
    geometry=Geometry(first_top=132, top=70, bottom=80, left=84, right=70),
    furniture=office("fl. "),
    sections=(Section(TEXT),),
    page_count=2,
    traps=(Trap(2, r"^fl\. 2"),),
)
